import random
import time
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtf.domain.manifest import Manifest, ManifestItem
from dtf.domain.shard import ShardPlan
from dtf.domain.work import Isolation
from dtf.scheduling.plan import LEAST_S, MOST_S, MOST_TESTS, plan
from dtf.scheduling.weights import PRIOR_S, weigh
from tests.support.suites import suite


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    """Suites with neighbouring and scattered modules, classes, parameters and groups."""
    items: list[ManifestItem] = []
    for module in draw(st.lists(st.sampled_from("abcdefgh"), max_size=12)):
        for _ in range(draw(st.integers(1, 30))):
            scope = draw(st.sampled_from(["", "::TestA", "::TestB"]))
            group = draw(st.sampled_from(["", "", "", "", "g1", "g2"]))
            requires = draw(st.sampled_from([(), (), (), ("webnn",), ("browser=firefox", "webnn")]))
            nodeid = f"{module}.py{scope}::test_{len(items)}[x::y]"
            items.append(ManifestItem(nodeid=nodeid, module=f"{module}.py", group=group, requires=requires))
    return Manifest(items=tuple(items))


@st.composite
def problems(draw: st.DrawFn) -> tuple[Manifest, dict[str, float], int]:
    """A manifest, durations of some of its tests, and slots."""
    manifest = draw(manifests())
    share = draw(st.sampled_from([0.0, 0.3, 0.9, 1.0]))
    chance = random.Random(draw(st.integers()))
    durations = {
        item.nodeid: chance.choice([0.0, 0.001, 0.05, 1.0, 8.0]) for item in manifest.items if chance.random() < share
    }
    return manifest, durations, draw(st.integers(1, 16))


def makespan(shards: tuple[ShardPlan, ...], seconds: Mapping[int, float], slots: int) -> float:
    """Play a run: a free slot goes on in its affinity by rank, otherwise takes the shard of the lowest rank."""
    free = [0.0] * slots
    affinity: list[str | None] = [None] * slots
    left = sorted(shards, key=lambda shard: shard.rank)
    while left:
        slot = min(range(slots), key=lambda index: free[index])
        shard = next((s for s in left if s.affinity == affinity[slot]), left[0])
        left.remove(shard)
        affinity[slot] = shard.affinity
        free[slot] += sum(seconds[ordinal] for ordinal in shard.ordinals)
    return max(free)


@given(problems())
def test_every_ordinal_stands_in_exactly_one_shard_in_manifest_order(
    problem: tuple[Manifest, dict[str, float], int],
) -> None:
    """Nothing is lost and nothing doubled by the cutting, whatever is known of durations."""
    manifest, durations, slots = problem

    shards = plan(manifest, slots=slots, durations=durations)

    assert sorted(ordinal for shard in shards for ordinal in shard.ordinals) == list(range(len(manifest.items)))
    assert all(list(shard.ordinals) == sorted(shard.ordinals) for shard in shards)
    assert [shard.rank for shard in shards] == list(range(len(shards)))
    assert all(shard.ordinals and shard.predicted_s > 0 and shard.affinity for shard in shards)


@given(problems())
def test_a_group_is_never_cut(problem: tuple[Manifest, dict[str, float], int]) -> None:
    """All tests of an xdist_group are in one shard."""
    manifest, durations, slots = problem

    shards = plan(manifest, slots=slots, durations=durations)

    for group in ("g1", "g2"):
        members = {ordinal for ordinal, item in enumerate(manifest.items) if item.group == group}
        assert sum(bool(members & set(shard.ordinals)) for shard in shards) <= 1


@given(problems())
def test_a_shard_asks_for_what_its_tests_do(problem: tuple[Manifest, dict[str, float], int]) -> None:
    """Tests that ask different things share no shard and no affinity; a group gets what any of its tests asks."""
    manifest, durations, slots = problem

    shards = plan(manifest, slots=slots, durations=durations)

    groups: dict[str, set[str]] = {}
    for item in manifest.items:
        groups.setdefault(item.group, set()).update(item.requires)
    asked: dict[str, set[tuple[str, ...]]] = {}
    for shard in shards:
        asked.setdefault(shard.affinity, set()).add(shard.requires)
        for ordinal in shard.ordinals:
            item = manifest.items[ordinal]
            assert set(shard.requires) == (groups[item.group] if item.group else set(item.requires))
    assert all(len(requires) == 1 for requires in asked.values())


@given(problems())
def test_a_module_has_one_affinity(problem: tuple[Manifest, dict[str, float], int]) -> None:
    """Ungrouped tests of a module that ask for the same share an affinity: one slot can go through all of them."""
    manifest, durations, slots = problem

    shards = plan(manifest, slots=slots, durations=durations)

    affinities: dict[object, set[str]] = {}
    for shard in shards:
        for ordinal in shard.ordinals:
            item = manifest.items[ordinal]
            if not item.group:
                affinities.setdefault((item.module, item.requires), set()).add(shard.affinity)
    assert all(len(names) == 1 for names in affinities.values())


@given(problems())
def test_the_makespan_is_within_the_bound_of_greedy_dispatch(
    problem: tuple[Manifest, dict[str, float], int],
) -> None:
    """No slot idles while shards wait: total / slots + the longest shard, which is a test or at most 1.5 MOST_S."""
    manifest, durations, slots = problem
    shards = plan(manifest, slots=slots, durations=durations)
    weights = weigh(manifest, durations)
    seconds = dict(enumerate(weights.seconds))
    groups: dict[str, float] = {}
    for ordinal, item in enumerate(manifest.items):
        name = item.group or item.nodeid
        groups[name] = groups.get(name, 0.0) + seconds[ordinal]
    total_s, longest_s = sum(seconds.values()), max(groups.values(), default=0.0)
    most_s = MOST_S if weights.are_known else MOST_TESTS * weights.typical_s

    assert makespan(shards, seconds, slots) <= total_s / slots + max(longest_s, 1.5 * most_s) + 1e-6


@pytest.mark.parametrize(("slots", "slack_s"), [(2, 0.5), (4, 0.5), (16, MOST_S)])
@pytest.mark.parametrize("seed", range(5))
def test_slots_end_close_together_when_durations_are_known(slots: int, slack_s: float, seed: int) -> None:
    """A suite of 300 s in modules of all sizes ends within 0.5 s of total / slots; on 16 slots within a shard."""
    chance = random.Random(seed)
    manifest = suite((f"m{number}.py", int(chance.lognormvariate(2.5, 1.2)) + 1) for number in range(150))
    raw = [chance.lognormvariate(-3.0, 1.2) for _ in manifest.items]
    scale = 300 / sum(raw)
    seconds = {ordinal: min(value * scale, 3.0) for ordinal, value in enumerate(raw)}
    durations = {manifest.items[ordinal].nodeid: value for ordinal, value in seconds.items()}

    shards = plan(manifest, slots=slots, durations=durations)

    assert makespan(shards, seconds, slots) <= sum(seconds.values()) / slots + slack_s
    assert len(shards) <= 300 / MOST_S * 2.5


@pytest.mark.parametrize("slots", [2, 4])
@pytest.mark.parametrize("seed", range(5))
def test_slots_end_close_together_on_a_first_run(slots: int, seed: int) -> None:
    """Without known durations the makespan of a mixed suite is within a tenth and one test of the lower bound."""
    chance = random.Random(seed)
    manifest = suite((f"m{number}.py", int(chance.lognormvariate(2.5, 1.2)) + 1) for number in range(150))
    seconds = {ordinal: chance.lognormvariate(-3.0, 1.2) for ordinal in range(len(manifest.items))}

    shards = plan(manifest, slots=slots, durations={})

    assert makespan(shards, seconds, slots) <= 1.1 * sum(seconds.values()) / slots + max(seconds.values())


def test_few_slow_tests_of_a_first_run_are_spread_over_the_slots() -> None:
    """Eight unknown tests on two slots are no single shard: each of them may take a minute."""
    manifest = suite([("m.py", 8)])

    shards = plan(manifest, slots=2, durations={})

    assert makespan(shards, dict.fromkeys(range(8), 60.0), 2) == 240.0


def test_the_longest_test_goes_first() -> None:
    """A test longer than a shard is a shard of its own, ranked before everything else."""
    manifest = suite([("a.py", 200), ("b.py", 10)])
    durations = {item.nodeid: 0.1 for item in manifest.items} | {"b.py::test_9": 15.0}

    shards = plan(manifest, slots=2, durations=durations)

    assert shards[0].ordinals == (209,)
    assert shards[0].affinity == "b.py"


def test_slots_begin_with_different_modules_the_longest_first() -> None:
    """The first shards are of different modules: a slot goes on with its own by itself."""
    manifest = suite([("a.py", 300), ("b.py", 500), ("c.py", 400)])

    shards = plan(manifest, slots=2, durations={})

    assert [shard.affinity for shard in shards[:3]] == ["b.py", "c.py", "a.py"]


def test_small_modules_share_a_shard() -> None:
    """200 modules of 20 ms each make a few shards worth their overhead, not 200."""
    manifest = suite((f"m{number}.py", 2) for number in range(200))
    durations = {item.nodeid: 0.01 for item in manifest.items}

    shards = plan(manifest, slots=2, durations=durations)

    assert len(shards) <= 4.0 / LEAST_S
    assert len({shard.affinity for shard in shards}) < 20


def test_with_module_isolation_no_shard_mixes_modules() -> None:
    """A fresh process for each module needs shards of one module each."""
    manifest = suite((f"m{number}.py", 2) for number in range(50))

    shards = plan(manifest, slots=2, durations={}, isolation=Isolation.MODULE)

    assert all(len({manifest.items[ordinal].module for ordinal in shard.ordinals}) == 1 for shard in shards)


def test_a_cut_falls_between_classes_where_one_is_near() -> None:
    """Classes of 0.9 s are not cut by shards of about 2 s: class fixtures are set up once."""
    items = [ManifestItem(nodeid=f"m.py::Test{number // 9}::test_{number}", module="m.py") for number in range(9 * 60)]
    durations = {item.nodeid: 0.1 for item in items}

    shards = plan(Manifest(items=tuple(items)), slots=2, durations=durations)

    full = [shard for shard in shards if shard.predicted_s > 1.5]
    assert len(full) >= 15
    assert all(shard.ordinals[0] % 9 == 0 for shard in full)


def test_a_group_over_several_modules_has_an_affinity_of_its_own() -> None:
    """A slot that goes through one of its modules does not go on with the group."""
    items = [ManifestItem(nodeid=f"m{n % 2}.py::test_{n}", module=f"m{n % 2}.py", group="db") for n in range(6)]
    items += [ManifestItem(nodeid=f"m0.py::test_{n}", module="m0.py") for n in range(6, 60)]

    shards = plan(Manifest(items=tuple(items)), slots=1, durations={}, isolation=Isolation.MODULE)

    assert {shard.affinity for shard in shards if 0 in shard.ordinals} == {"group db"}
    assert {shard.affinity for shard in shards if 0 not in shard.ordinals} == {"m0.py"}


def test_an_empty_manifest_has_no_shards() -> None:
    """There is nothing to run; whoever stores the plan says EMPTY."""
    assert plan(Manifest(items=()), slots=4, durations={}) == ()


def test_unusable_durations_count_as_unknown() -> None:
    """NaN, infinite and negative durations do not reach the plan; an unknown test gets the median."""
    manifest = suite([("m.py", 6)])
    values = [float("nan"), float("inf"), -1.0, 1.0, 3.0, 2.0]

    weights = weigh(manifest, {item.nodeid: value for item, value in zip(manifest.items, values, strict=True)})

    assert weights.seconds == (2.0, 2.0, 2.0, 1.0, 3.0, 2.0)
    assert weigh(manifest, {}).seconds == (PRIOR_S,) * 6


@pytest.mark.parametrize("known", [False, True])
def test_a_large_suite_is_planned_fast(known: bool) -> None:
    """17,000 tests in one module, or in 1,700, take well under a second."""
    for modules in (1, 1700):
        manifest = suite((f"m{number}.py", 17000 // modules) for number in range(modules))
        durations = {item.nodeid: 0.01 for item in manifest.items} if known else {}
        begin = time.process_time()

        plan(manifest, slots=16, durations=durations)

        assert time.process_time() - begin < 1.5


def test_unknown_tests_come_in_small_shards_at_the_end() -> None:
    """On a first run no shard has more than a twelfth of the tests, and the last eight have at most 12 tests each."""
    items = tuple(ManifestItem(nodeid=f"m{n % 3}.py::test_{n:04}", module=f"m{n % 3}.py") for n in range(600))

    shards = plan(Manifest(items=items), slots=2, durations={})

    sizes = [len(shard.ordinals) for shard in shards]
    assert max(sizes) <= 50
    assert max(sizes[-8:]) <= 12
