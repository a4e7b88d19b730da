"""Episodes in groups: by the type of the fault, its intensity, the browser, how long it lasts, and the seed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dtf.benchmarks.browsers.episode import Episode
from dtf.benchmarks.browsers.figures import LOST, RECOVERY, RESOURCES, Measure, Unit, Units, change
from dtf.benchmarks.browsers.records import NONE
from dtf.benchmarks.browsers.schedule import Schedule
from dtf.benchmarks.report.intervals import Estimate

#: Episodes by their length, in seconds: up to the first, up to the second, longer.
_SHORT_S, _MIDDLING_S = 30.0, 45.0
_SHORT, _MIDDLING, _LONG = (
    f"up to {_SHORT_S:g} s",
    f"{_SHORT_S:g} to {_MIDDLING_S:g} s",
    f"over {_MIDDLING_S:g} s",
)
#: Names that have an order of their own.
_ORDER = (_SHORT, _MIDDLING, _LONG)


def _length(one: Episode) -> str:
    if one.length_s <= _SHORT_S:
        return _SHORT
    return _MIDDLING if one.length_s <= _MIDDLING_S else _LONG


#: By what episodes are put into groups.
KINDS: Mapping[str, Callable[[Episode], str]] = {
    "failure type": lambda one: str(one.failure),
    "intensity": lambda one: str(one.intensity),
    "browser": lambda one: one.browser,
    "length": _length,
}
#: By what groups are compared.
COMPARED = (RECOVERY, LOST, RESOURCES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Some episodes.

    Attributes:
        kind: By what they were put together.
        name: What they have in common.
        units: Which they are.
    """

    kind: str
    name: str
    units: frozenset[Unit]

    def of(self, units: Units) -> Units:
        """Those of an arm's episodes that are in the group."""
        return {unit: one for unit, one in units.items() if unit in self.units}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A place where an arm is worse than another one.

    Attributes:
        group: The episodes; None: all of them.
        measure: In what.
        other: The other arm.
        change: By how much.
    """

    group: Group | None
    measure: Measure
    other: str
    change: Estimate

    @property
    def sure(self) -> bool:
        """Whether the whole interval says so."""
        return self.change.low is not None and self.change.low > 0


def groups_of(schedules: Sequence[Schedule]) -> Iterator[Group]:
    """The groups of the episodes of some schedules."""
    episodes = [((schedule.seed, one.number), one) for schedule in schedules for one in schedule.episodes]
    for kind, of in KINDS.items():
        for name in sorted({of(one) for _, one in episodes}, key=_place):
            yield Group(kind=kind, name=name, units=frozenset(unit for unit, one in episodes if of(one) == name))
    for seed in dict.fromkeys(schedule.seed for schedule in schedules):
        # episodes of one run are not independent: whether the runs agree says more than an interval
        yield Group(kind="seed", name=str(seed), units=frozenset(unit for unit, _ in episodes if unit[0] == seed))


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else 0), name


def losses(
    arm: Units, others: Mapping[str, Units], groups: Sequence[Group], all_of: Sequence[Measure]
) -> Iterator[Loss]:
    """Where an arm is worse than others, the whole first; what happened outside of episodes is in the whole alone.

    Args:
        arm: Its episodes.
        others: Those of the others, by their names.
        groups: Where else to look.
        all_of: By what the whole is compared; groups are by ``COMPARED``.
    """
    for name, other in others.items():
        for measure in all_of:
            yield from _loss(None, measure, name, change(measure, arm, other))
        for group in groups:
            for measure in COMPARED:
                yield from _loss(group, measure, name, change(measure, group.of(arm), group.of(other)))


def _loss(group: Group | None, measure: Measure, other: str, found: Estimate) -> Iterator[Loss]:
    if found.value is not None and found.value > 0:
        yield Loss(group=group, measure=measure, other=other, change=found)


def without_rest(units: Units) -> Units:
    """The episodes alone, without what happened outside of them."""
    return {unit: one for unit, one in units.items() if unit[1] != NONE}
