"""What breaks when: the schedule that every arm of a run meets."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from dtf.benchmarks.simulation.chance import generator
from dtf.benchmarks.simulation.lab import FAULTS, Conditions, FaultModel, Lab, SimulatedTarget

#: A target that fails at least this share of its attempts is sick; below, holding work back from it costs.
SICK_AT = 0.2

#: How many seconds an attempt in a hammered outage adds to it, a canary does, and up to how many times its length.
HAMMER_ATTEMPT_S, HAMMER_CANARY_S, HAMMER_MOST = 8.0, 1.0, 3.0


class Scenario(StrEnum):
    """Which faults there are."""

    OUTAGE = "outage"
    GREY = "grey"
    DEGRADE = "degrade"
    FLAP = "flap"
    BADTEST = "badtest"
    HAMMER = "hammer"
    HARDWARE_WIDE = "hw-wide"
    MIXED = "mixed"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A time in which a target behaves in one bad way.

    Attributes:
        number: Unlike that of any other phase of the run; part of draws' identities.
        episode: The phases of one fault have the same.
        target: The target's index.
        start: When it begins.
        end: When it ends, unless it is hammered.
        fail: The share of attempts that fail.
        slow: By how much durations are multiplied.
        modes: The shares of failures that are fast, in the middle, and that hang.
        hammered: Attempts prolong it.
    """

    number: int
    episode: int
    target: int
    start: float
    end: float
    fail: float
    slow: float = 1.0
    modes: tuple[float, float, float]
    hammered: bool = False

    @property
    def sick(self) -> bool:
        """Whether work had better not go there."""
        return self.fail >= SICK_AT


@dataclass(frozen=True, slots=True, kw_only=True)
class BadTests:
    """A time in which the jobs of a group are submitted broken."""

    group: int
    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """All that breaks in a run."""

    phases: tuple[Phase, ...]
    bad_tests: tuple[BadTests, ...]


#: What breaks in the mixed scenario, and how often each.
_MIX = {
    Scenario.OUTAGE: 0.3,
    Scenario.GREY: 0.25,
    Scenario.DEGRADE: 0.15,
    Scenario.FLAP: 0.1,
    Scenario.HAMMER: 0.2,
}

_Parts = list[tuple[float, float, float, float, tuple[float, float, float], bool]]


def draw_schedule(seed: int, scenario: Scenario, lab: Lab, conditions: Conditions) -> Schedule:
    """The faults of a seed and a scenario: no phase overlaps another one of its target by the schedule."""
    return Schedule(
        phases=_numbered(list(_episodes(seed, scenario, lab, conditions))),
        bad_tests=tuple(_bad_tests(seed, scenario, lab, conditions)),
    )


def _episodes(seed: int, scenario: Scenario, lab: Lab, conditions: Conditions) -> Iterator[tuple[int, _Parts]]:
    if scenario in (Scenario.QUIET, Scenario.BADTEST):
        return
    if scenario in (Scenario.HARDWARE_WIDE, Scenario.MIXED):
        rarer = 1.0 if scenario is Scenario.HARDWARE_WIDE else 4.0
        yield from _hardware_wide(seed, lab, conditions, rarer)
    if scenario is Scenario.HARDWARE_WIDE:
        return
    for target in lab.targets:
        chance = generator(seed, FAULTS, target.index, list(Scenario).index(scenario))
        at = chance.expovariate(1 / target.interval_s)
        while at < conditions.end_s:
            kind = chance.choices(list(_MIX), list(_MIX.values()))[0] if scenario is Scenario.MIXED else scenario
            parts = _KINDS[kind](chance, target, conditions.faults, at)
            yield target.index, parts
            at = parts[-1][1] + 20.0 + chance.expovariate(1 / target.interval_s)


def _numbered(episodes: list[tuple[int, _Parts]]) -> tuple[Phase, ...]:
    """Phases in their order; what overlaps an earlier phase of its target is left out."""
    phases: list[Phase] = []
    busy_until: dict[int, float] = {}
    for episode, (target, parts) in enumerate(sorted(episodes, key=lambda one: (one[1][0][0], one[0]))):
        if parts[0][0] < busy_until.get(target, 0.0):
            continue
        busy_until[target] = parts[-1][1] + 10.0
        phases += [
            Phase(
                number=len(phases) + n,
                episode=episode,
                target=target,
                start=start,
                end=end,
                fail=fail,
                slow=slow,
                modes=modes,
                hammered=hammered,
            )
            for n, (start, end, fail, slow, modes, hammered) in enumerate(parts)
        ]
    return tuple(phases)


def _duration(chance: Random, median_s: float, model: FaultModel) -> float:
    if model.duration_uniform:
        return chance.uniform(3.0, 2 * median_s)
    return max(median_s * math.exp(chance.gauss(0, model.duration_sd)), 3.0)


def _outage(chance: Random, target: SimulatedTarget, model: FaultModel, at: float) -> _Parts:
    return [(at, at + _duration(chance, target.outage_median_s, model), model.hard_fail, 1.0, model.modes, False)]


def _grey(chance: Random, target: SimulatedTarget, model: FaultModel, at: float) -> _Parts:
    fail = chance.uniform(*model.grey_fail)
    return [(at, at + _duration(chance, 1.5 * target.outage_median_s, model), fail, 1.2, model.grey_modes, False)]


def _degrade(chance: Random, target: SimulatedTarget, model: FaultModel, at: float) -> _Parts:
    """Slower and a little worse in three steps, then down."""
    step = chance.uniform(20.0, 70.0)
    worst = chance.uniform(1.5, 2.5)
    parts: _Parts = [
        (at + n * step, at + (n + 1) * step, fail, 1 + (worst - 1) * (n + 1) / 3, model.grey_modes, False)
        for n, fail in enumerate((0.04, 0.1, 0.22))
    ]
    return parts + _outage(chance, target, model, at + 3 * step)


def _flap(chance: Random, target: SimulatedTarget, model: FaultModel, at: float) -> _Parts:
    """Down and up again, for some minutes."""
    until = at + _duration(chance, 4 * target.outage_median_s, model)
    parts: _Parts = []
    while at < until:
        down = max(chance.expovariate(1 / 25.0), 5.0)
        parts.append((at, at + down, model.hard_fail, 1.0, model.modes, False))
        at += down + max(chance.expovariate(1 / 35.0), 8.0)
    return parts


def _hammer(chance: Random, target: SimulatedTarget, model: FaultModel, at: float) -> _Parts:
    return [(at, at + _duration(chance, target.outage_median_s, model), model.hard_fail, 1.0, model.modes, True)]


_KINDS = {
    Scenario.OUTAGE: _outage,
    Scenario.GREY: _grey,
    Scenario.DEGRADE: _degrade,
    Scenario.FLAP: _flap,
    Scenario.HAMMER: _hammer,
}


def _hardware_wide(seed: int, lab: Lab, conditions: Conditions, rarer: float) -> Iterator[tuple[int, _Parts]]:
    """All targets of a class go down within seconds of each other and come back together."""
    for number, tag in enumerate(sorted({one.target.hardware for one in lab.targets})):
        chance = generator(seed, FAULTS, 1000 + number)
        members = [one for one in lab.targets if one.target.hardware == tag]
        interval_s = 1.2 * rarer * sum(one.interval_s for one in members) / len(members)
        at = chance.expovariate(1 / interval_s)
        while at < conditions.end_s:
            end = at + 15.0 + _duration(chance, members[0].outage_median_s, conditions.faults)
            for one in members:
                start = at + chance.uniform(0.0, 15.0)
                fail = conditions.faults.hard_fail
                yield one.index, [(start, end + chance.uniform(0.0, 5.0), fail, 1.0, conditions.faults.modes, False)]
            at = end + 30.0 + chance.expovariate(1 / interval_s)


def _bad_tests(seed: int, scenario: Scenario, lab: Lab, conditions: Conditions) -> Iterator[BadTests]:
    if scenario not in (Scenario.BADTEST, Scenario.MIXED):
        return
    interval_s = 2400.0 if scenario is Scenario.BADTEST else 7200.0
    for group in lab.groups:
        chance = generator(seed, FAULTS, 2000 + group.index)
        at = chance.expovariate(1 / interval_s)
        while at < conditions.end_s:
            end = at + chance.uniform(180.0, 900.0)
            yield BadTests(group=group.index, start=at, end=end)
            at = end + chance.expovariate(1 / interval_s)
