from dataclasses import replace

import pytest

from dtf.benchmarks.browsers.job import Work
from dtf.benchmarks.browsers.measures import LONGEST_S, measure_run, recovery_times
from dtf.benchmarks.browsers.records import NONE, BlockedRecord
from dtf.domain.outcome import Outcome
from tests.unit.benchmarks_browsers.runs import CLOSED, HALF_OPEN, OPEN, a_job, a_move, a_run, a_use, an_end, an_episode


def test_recovery_counts_from_the_first_failure_and_keeps_those_that_never_recover() -> None:
    """One that recovers, one that is given up, one that is not over: the latter two count as the longest."""
    jobs = [a_job(number, 10.0, pinned="chromium" if number < 2 else "") for number in range(4)]
    uses = [a_use(number, 12.0 + number, episode=0) for number in range(3)] + [a_use(0, 30.0, episode=NONE)]
    ends = [an_end(0, 40.0), an_end(1, 25.0, Outcome.INFRA), an_end(2, None, None), an_end(3, 11.0)]
    run = a_run("none", [an_episode(0, 10.0)], jobs, uses=uses, ends=ends)
    one = measure_run(run).episodes[0]
    assert (one.affected, one.affected_lost) == (3, 2)
    assert one.recovery_s == pytest.approx(40.0 - 14.0 + 2 * LONGEST_S)
    assert (one.exposed, one.exposed_lost) == (2, 1)
    assert one.exposed_delay_s == pytest.approx(30.0 + LONGEST_S)
    assert recovery_times(run) == [26.0, None, None]
    assert measure_run(run, longest_s=20.0).episodes[0].recovery_s == pytest.approx(3 * 20.0)
    assert measure_run(run).lost == 2


def test_what_is_burnt_is_failures_and_all_canaries_and_belongs_to_the_episode_until_shortly_after_it() -> None:
    """Successes cost nothing; a canary that passes does; long after an episode nothing is its doing."""
    uses = [
        a_use(0, 12.0, episode=0, s=3.0),
        a_use(NONE, 20.0, episode=0),
        a_use(NONE, 31.0, Outcome.PASSED),
        a_use(1, 32.0, Outcome.PASSED),
        a_use(2, 100.0),
    ]
    jobs = [a_job(number, 10.0) for number in range(3)]
    figures = measure_run(a_run("x", [an_episode(0, 10.0)], jobs, uses=uses, ends=[an_end(n, 110.0) for n in range(3)]))
    one, rest = figures.episodes[0], figures.episodes[NONE]
    assert (one.failed_slot_s, one.canary_slot_s, one.cpu_s, one.failures) == (3.0, 4.0, 3.0, 1)
    assert one.resource_s == 10.0
    assert (rest.failed_slot_s, rest.affected, one.affected) == (2.0, 1, 1)


def test_detection_is_from_the_first_failure_to_the_opening_and_an_early_closing_does_not_undo_it() -> None:
    """Opened 4 s after the first failure's end; missed where it opened after the end alone."""
    uses = [a_use(0, 12.0, episode=0), a_use(0, 72.0, episode=1)]
    moves = [a_move(18.0, CLOSED, OPEN), a_move(20.0, OPEN, HALF_OPEN), a_move(21.0, HALF_OPEN, CLOSED)]
    moves.append(a_move(95.0, CLOSED, OPEN))
    episodes = [an_episode(0, 10.0), an_episode(1, 70.0)]
    run = a_run("x", episodes, [a_job(0, 5.0)], uses=uses, ends=[an_end(0, 100.0)], moves=moves)
    figures = measure_run(run)
    assert (figures.episodes[0].opened, figures.episodes[0].detection_s) == (1, 4.0)
    assert (figures.episodes[1].opened, figures.episodes[1].detection_s) == (0, 16.0)
    assert figures.false_trips == 0  # it opened in the aftermath


def test_openings_of_healthy_browsers_are_false_trips_and_healthy_time_lost_goes_with_the_last_episode() -> None:
    """Two browsers of 200 s, one episode of 20 s with its aftermath of 15 s."""
    moves = [a_move(5.0, CLOSED, OPEN), a_move(8.0, OPEN, CLOSED), a_move(150.0, CLOSED, OPEN)]
    blocked = [BlockedRecord(browser="chromium", after_episode=0, seconds=2.5)]
    run = a_run("x", [an_episode(0, 10.0)], [a_job(0, 5.0)], ends=[an_end(0, 6.0)], moves=moves, blocked=blocked)
    figures = measure_run(run)
    assert figures.false_trips == 2
    assert figures.healthy_h == pytest.approx((400 - 35) / 3600)
    assert figures.episodes[0].blocked_s == 2.5
    assert figures.episodes[0].harmful == 0


def test_a_wrong_verdict_is_seen() -> None:
    """A false assertion has to fail, and everything else to pass."""
    jobs = [a_job(0, 1.0, work=Work.ASSERTION), a_job(1, 1.0, work=Work.ASSERTION), a_job(2, 1.0, work=Work.SHADER)]
    ends = [an_end(0, 2.0, Outcome.FAILED), an_end(1, 2.0, Outcome.PASSED), an_end(2, 2.0, Outcome.FAILED)]
    assert measure_run(a_run("x", [], jobs, ends=ends)).wrong == 2


def test_every_job_belongs_to_the_episode_that_began_last_before_it_came() -> None:
    """Whatever became of it; those before all episodes belong to none."""
    jobs = [a_job(0, 5.0), a_job(1, 12.0), a_job(2, 60.0), a_job(3, 71.0)]
    ends = [an_end(0, 6.0), an_end(1, 20.0), an_end(2, None, None), an_end(3, 72.0)]
    run = a_run("x", [an_episode(0, 10.0), an_episode(1, 70.0)], jobs, ends=ends)
    found = measure_run(run).episodes
    assert [(found[n].came, found[n].came_delay_s) for n in (NONE, 0, 1)] == [
        (1, 1.0),
        (2, 8.0 + LONGEST_S),
        (1, 1.0),
    ]
    assert found[0].came_waited_s == 3.0


def test_a_probe_that_did_not_pass_was_for_nothing_whatever_it_came_to() -> None:
    """A job with a true verdict that stood in for a canary runs again: the attempt is paid for, and is no failure."""
    probe = replace(a_use(0, 12.0, Outcome.FAILED, episode=0, s=3.0), probe=True)
    passed = replace(a_use(1, 20.0, Outcome.PASSED, episode=0, s=4.0), probe=True)
    run = a_run("x", [an_episode(0, 10.0)], [a_job(0, 10.0), a_job(1, 10.0)], uses=[probe, passed], ends=[])
    one = measure_run(run).episodes[0]
    assert (one.failed_slot_s, one.failures, one.affected) == (3.0, 0, 0)
