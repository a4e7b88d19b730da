from dataclasses import replace
from itertools import pairwise

import pytest

from dtf.benchmarks.browsers import schedule
from dtf.benchmarks.browsers.benchmark import SIZES
from dtf.benchmarks.browsers.measures import LONGEST_S
from dtf.benchmarks.browsers.schedule import Plan, draw_schedule
from dtf.domain.codec import from_json, to_json
from dtf.domain.errors import BadInputError
from dtf.domain.failure import FailureType, Intensity
from dtf.resilience.injection_availability import unavailable

_PLAN = Plan(browsers=("chromium", "firefox", "headless-shell"), episodes=18)


def test_a_seed_draws_the_same_schedule_every_time_and_another_one_another() -> None:
    """All arms meet the same faults and jobs; it survives its way through JSON."""
    first = draw_schedule(_PLAN, 5)
    assert draw_schedule(_PLAN, 5) == first
    assert draw_schedule(_PLAN, 6).episodes != first.episodes
    assert from_json(type(first), to_json(first)) == first


def test_faults_are_dealt_like_cards_and_none_where_it_does_not_exist() -> None:
    """In one browser that has all 18, 18 episodes have each of them once; Firefox gets none of those that it lacks."""
    only = draw_schedule(replace(_PLAN, browsers=("chromium",)), 3)
    assert len({(one.failure, one.intensity) for one in only.episodes}) == 18
    for seed in range(20):
        for one in draw_schedule(_PLAN, seed).episodes:
            assert not unavailable(one.browser, one.failure, one.intensity)


def test_browsers_take_turns_and_their_episodes_do_not_overlap() -> None:
    """Each browser gets as many episodes as the others, with pauses and lengths within their bounds."""
    drawn = draw_schedule(_PLAN, 4)
    for browser in _PLAN.browsers:
        own = [one for one in drawn.episodes if one.browser == browser]
        assert len(own) == 6
        assert own[0].start_s >= _PLAN.warm_up_s
        for before, after in pairwise(own):
            assert _PLAN.gap_s[0] - 0.01 <= after.start_s - before.end_s <= _PLAN.gap_s[1] + 0.01
        assert all(_PLAN.length_s[0] <= one.length_s <= _PLAN.length_s[1] for one in own)
        assert drawn.episode_at(browser, own[0].start_s) == own[0]
        assert drawn.episode_at(browser, own[0].end_s) is None


@pytest.mark.parametrize("size", SIZES)
def test_no_episode_is_so_long_that_to_wait_for_its_end_counts_as_giving_up(size: str) -> None:
    """And a job that gets its verdict within the longest is not cut off by the end of a longer benchmark."""
    plan = SIZES[size].plan
    assert plan.length_s[1] < LONGEST_S
    assert size == "quick" or plan.drain_s >= LONGEST_S


def test_half_of_the_jobs_are_pinned_and_all_arrive_in_time() -> None:
    """The share and the rate are the plan's, as far as chance lets them."""
    jobs = [job for seed in range(10) for job in draw_schedule(_PLAN, seed).jobs]
    lengths = [draw_schedule(_PLAN, seed).arrivals_end_s for seed in range(10)]
    assert 0.4 < sum(bool(job.pinned) for job in jobs) / len(jobs) < 0.6
    assert len(jobs) == pytest.approx(_PLAN.rate * 3 * sum(lengths), rel=0.15)
    assert max(job.arrives_s for job in draw_schedule(_PLAN, 1).jobs) < draw_schedule(_PLAN, 1).arrivals_end_s


def test_what_no_browser_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser without any of the faults cannot be part of it."""
    monkeypatch.setattr(schedule, "unavailable", lambda browser, *_: "no" if browser == "firefox" else "")
    plan = Plan(browsers=("chromium", "firefox"), episodes=3, failures=(FailureType.CRASH,))
    with pytest.raises(BadInputError, match="none of the failures crash can be injected into firefox"):
        draw_schedule(plan, 1)
    crashes = draw_schedule(replace(plan, browsers=("chromium",)), 1).episodes
    assert {one.intensity for one in crashes} == set(Intensity)
