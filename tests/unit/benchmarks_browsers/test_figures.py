from dataclasses import replace

import pytest

from dtf.benchmarks.browsers.figures import LOST, RECOVERY, Units, change, estimate
from dtf.benchmarks.browsers.groups import groups_of, losses
from dtf.benchmarks.browsers.measures import EpisodeFigures
from dtf.benchmarks.browsers.schedule import Plan, draw_schedule
from tests.unit.benchmarks_browsers.runs import a_run, an_episode


def _units(*sums: tuple[int, float]) -> Units:
    return {(1, n): EpisodeFigures(struck=count, struck_delay_s=s) for n, (count, s) in enumerate(sums)}


def test_a_ratio_is_of_sums_and_its_interval_holds_it() -> None:
    """A mean over jobs, not over episodes: 10 s of one job and 20 s of three are 7.5 s a job."""
    found = estimate(RECOVERY, _units((1, 10.0), (3, 20.0), *[(0, 0.0)] * 4))
    assert found.value == 7.5
    assert found.low is not None
    assert found.high is not None
    assert found.low < 7.5 <= found.high


def test_what_is_told_per_episode_is_divided_by_episodes_alone() -> None:
    """What was lost outside of them counts, and is no episode: 6 + 3 in six episodes."""
    units = {(1, n): EpisodeFigures(struck_lost=1 if n >= 0 else 3) for n in range(-1, 6)}
    assert estimate(LOST, units).value == 1.5


def test_a_change_is_over_the_same_episodes() -> None:
    """Half as long in each episode is half as long with certainty, whatever the episodes are like."""
    halves = [(n + 1, 10.0 * n + 3) for n in range(6)]
    mine, theirs = _units(*halves), _units(*((count, 2 * s) for count, s in halves), (9, 1.0))
    found = change(RECOVERY, mine, theirs)
    assert (found.value, found.low, found.high) == pytest.approx((-0.5, -0.5, -0.5))


def test_without_anything_to_divide_by_there_is_no_figure() -> None:
    """No struck job has no mean, no lost job no change, and few episodes no interval."""
    assert estimate(RECOVERY, _units((0, 0.0), (0, 0.0))).value is None
    assert change(LOST, _units((1, 1.0), (1, 1.0)), _units((1, 1.0), (1, 1.0))).value is None
    few = estimate(RECOVERY, _units(*[(1, 3.0)] * 5))
    assert (few.value, few.low, few.high) == (3.0, None, None)


def test_what_never_happened_has_no_interval() -> None:
    """Drawn anew, none stays none: that says nothing about how rare it is."""
    none_lost, some_lost = ({(1, n): EpisodeFigures(struck_lost=lost) for n in range(8)} for lost in (0, 2))
    found = change(LOST, none_lost, some_lost)
    assert (found.value, found.low, found.high) == (-1.0, None, None)


def test_groups_hold_every_episode_once_a_kind_and_losses_are_told_where_they_are() -> None:
    """An arm that is better but in one browser loses there alone, and surely."""
    schedule = draw_schedule(Plan(browsers=("chromium", "firefox"), episodes=12), 2)
    groups = list(groups_of([schedule]))
    for kind in ("failure type", "intensity", "browser", "length"):
        assert sum(len(group.units) for group in groups if group.kind == kind) == 12
    mine, theirs = (
        {(2, one.number): EpisodeFigures(struck=1, struck_delay_s=s[one.browser]) for one in schedule.episodes}
        for s in ({"chromium": 5.0, "firefox": 30.0}, {"chromium": 50.0, "firefox": 20.0})
    )
    browsers = [group for group in groups if group.kind == "browser"]
    (found,) = losses(mine, {"none": theirs}, browsers, (RECOVERY,))
    assert found.group is not None
    assert (found.group.name, found.measure, found.sure, found.change.value) == ("firefox", RECOVERY, True, 0.5)


def test_groups_by_length_have_their_bounds_in_the_shorter_one_and_their_own_order() -> None:
    """30 s is short, and 45 s is in the middle; a kind of which there is none is not told."""
    episodes = [an_episode(n, 100.0 * n, length_s=length_s) for n, length_s in enumerate((80.0, 30.0, 45.0, 20.0))]
    schedule = a_run("none", episodes, []).schedule
    groups = [group for group in groups_of([schedule]) if group.kind == "length"]
    assert [(group.name, sorted(number for _, number in group.units)) for group in groups] == [
        ("up to 30 s", [1, 3]),
        ("30 to 45 s", [2]),
        ("over 45 s", [0]),
    ]
    alone = list(groups_of([replace(schedule, episodes=tuple(episodes[:1]))]))
    assert [group.name for group in alone if group.kind == "length"] == ["over 45 s"]
    assert [(group.kind, group.name) for group in alone][-1] == ("seed", str(schedule.seed))
