from dataclasses import replace

import pytest

from dtf.benchmarks.browsers.figures import RECOVERY
from dtf.benchmarks.browsers.measures import LONGEST_S, RunFigures, measure_run, struck_times
from dtf.benchmarks.browsers.records import NONE, RunRecord
from dtf.benchmarks.browsers.results import Results
from dtf.benchmarks.browsers.struck import struck_by_seed, struck_jobs
from dtf.domain.outcome import Outcome
from tests.unit.benchmarks_browsers.runs import a_job, a_run, a_use, an_end, an_episode

#: Two episodes of chromium: from 10 to 30 s, and from 70 to 90 s.
_EPISODES = (an_episode(0, 10.0), an_episode(1, 70.0))
_JOBS = (
    a_job(0, 2.0),  # in the warm-up
    a_job(1, 12.0, pinned="chromium"),
    a_job(2, 13.0),
    a_job(3, 50.0),
    a_job(4, 35.0),
    a_job(5, 36.0),  # never fails
    a_job(6, 50.0, pinned="chromium"),  # while no episode lasts
)


def _warmed_up(record: RunRecord) -> RunRecord:
    return replace(record, schedule=replace(record.schedule, plan=replace(record.schedule.plan, warm_up_s=5.0)))


def _runs(seed: int = 1) -> tuple[RunRecord, RunRecord]:
    uses = [a_use(0, 11.0, episode=0), a_use(2, 71.0, episode=1), a_use(6, 72.0, episode=1)]
    ends = [an_end(0, 20.0), an_end(1, 20.0), an_end(2, 80.0, Outcome.INFRA), an_end(3, 51.0), an_end(4, 37.0)]
    ends += [an_end(5, 37.0), an_end(6, None, None)]
    none = a_run("none", _EPISODES, _JOBS, uses=uses, ends=ends, seed=seed)
    uses = [a_use(2, 14.0, episode=0), a_use(4, 36.0), a_use(3, 60.0), a_use(1, 72.0, episode=1)]
    ends = [an_end(0, 3.0), an_end(1, 82.0), an_end(2, 113.0), an_end(3, 62.0), an_end(4, 38.0)]
    ends += [an_end(5, 37.0), an_end(6, 55.0)]
    learned = a_run("learned", _EPISODES, _JOBS, uses=uses, ends=ends, seed=seed)
    return _warmed_up(none), _warmed_up(learned)


def test_struck_jobs_are_those_of_all_arms_and_belong_to_the_same_episode_in_each() -> None:
    """By what the job came for; or else by its first failure with the first arm, in whatever order the runs were."""
    none, learned = _runs()
    # 1 ran into the first episode and failed in the second; 2 failed in both; 3 failed in none; 4 in an aftermath
    expected = {1: 0, 2: 1, 3: NONE, 4: 0, 6: 1}
    assert struck_jobs([none, learned]) == struck_jobs([learned, none]) == expected
    assert struck_jobs([none]) == {2: 1, 6: 1}
    assert struck_by_seed([none, _runs(2)[1]]) == {1: {2: 1, 6: 1}, 2: {1: 0, 2: 0, 3: NONE, 4: 0}}


def test_struck_jobs_are_measured_in_every_arm_whether_they_failed_with_it_or_not() -> None:
    """From arrival to verdict: 8, 1 and 2 s and two that have none; then 70, 12, 3, 5 s and one beyond the longest."""
    none, learned = _runs()
    results = Results(records=(learned, none))
    (of_none,), (of_learned,) = results.runs["none"], results.runs["learned"]

    def told(number: int, of_it: RunFigures) -> tuple[int, int, float]:
        one = of_it.episodes[number]
        return one.struck, one.struck_lost, one.struck_delay_s

    assert [told(number, of_none) for number in (0, 1, NONE)] == [(2, 0, 10.0), (2, 2, 2 * LONGEST_S), (1, 0, 1.0)]
    assert [told(number, of_learned) for number in (0, 1, NONE)] == [(2, 0, 73.0), (2, 0, 5 + LONGEST_S), (1, 0, 12.0)]
    assert (results.success("none"), results.success("learned")) == ((5, 3), (5, 5))
    assert results.to_json()["success"]["none"]["struck"] == {"jobs": 5, "with a verdict": 3, "share": 0.6}
    found = results.change("learned", "none", RECOVERY)
    assert found.value == pytest.approx((90 + LONGEST_S) / (11 + 2 * LONGEST_S) - 1)
    assert struck_times(none, results.struck[1]) == [8.0, None, 1.0, 2.0, None]
    assert sum(one.struck for one in measure_run(none).episodes.values()) == 0
