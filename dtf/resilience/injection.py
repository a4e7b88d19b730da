"""Which failures are injected where: a plan by seed, and a gate that knows the breaker."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from dtf.domain.breaker import INJECTABLE_IN, BreakerMode, BreakerState
from dtf.domain.errors import BadInputError
from dtf.domain.failure import INJECTABLE, FailureType, Intensity, is_recorded
from dtf.resilience.injection_availability import unavailable


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One of the 18 failures that can be injected.

    Attributes:
        failure: What kind of failure it is.
        intensity: How bad.
    """

    failure: FailureType
    intensity: Intensity

    @property
    def recorded(self) -> bool:
        """Whether a breaker takes notice of it, once."""
        return is_recorded(self.failure, self.intensity)

    def __str__(self) -> str:
        return f"{self.failure} {self.intensity}"


#: The six types in their three intensities.
FAULTS: tuple[Fault, ...] = tuple(Fault(failure, intensity) for failure in INJECTABLE for intensity in Intensity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Whether a failure may be injected now.

    Attributes:
        allowed: Whether it may.
        reason: One sentence for people, in both cases.
    """

    allowed: bool
    reason: str


def gate(state: BreakerState, intensity: Intensity, mode: BreakerMode = BreakerMode.AUTO) -> Permission:
    """Whether a failure may be injected into a target: closed all, half-open mild and moderate, open none.

    A breaker that an operator holds open or closed counts as open or closed. One that only tells counts as what it
    tells: what is believed to be sick gets no further failure.
    """
    held = {BreakerMode.FORCED_OPEN: BreakerState.OPEN, BreakerMode.FORCED_CLOSED: BreakerState.CLOSED}
    counted = held.get(mode, state)
    told = f"held {counted}" if mode in held else str(counted)
    if intensity in INJECTABLE_IN[counted]:
        return Permission(allowed=True, reason=f"the breaker is {told}, which lets {intensity} failures through")
    let = " and ".join(one for one in Intensity if one in INJECTABLE_IN[counted])
    more = f"{let} ones only" if let else "and no others"
    return Permission(
        allowed=False, reason=f"the breaker is {told}, which lets no {intensity} failures through, {more}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectionOptions:
    """How failures are dealt out over jobs.

    Attributes:
        seed: Decides everything that is left to chance.
        types: The types that are injected.
        intensities: Their intensities.
        rate: The share of jobs that get one, from 0 to 1.
        count: How many jobs get one, in place of the rate; as many as fit where there are too few jobs.
        pause: At least how many jobs lie between two that get one.
    """

    seed: int
    types: tuple[FailureType, ...] = INJECTABLE
    intensities: tuple[Intensity, ...] = tuple(Intensity)
    rate: float = 1.0
    count: int | None = None
    pause: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            BadInputError: It is out of bounds, or leaves no failure.
        """
        if not 0 <= self.rate <= 1:
            raise BadInputError(f"the rate of injected failures is {self.rate:g}; it must lie between 0 and 1")
        if self.count is not None and self.count < 0:
            raise BadInputError(f"{self.count} failures cannot be injected; give 0 or more")
        if self.pause < 0:
            raise BadInputError(f"the pause between injected failures is {self.pause} jobs; give 0 or more")
        if strange := [kind for kind in self.types if kind not in INJECTABLE]:
            told = ", ".join(INJECTABLE)
            raise BadInputError(f"{', '.join(strange)} cannot be injected, only observed; choose from {told}")
        if not self.faults:
            raise BadInputError("no failure is left to inject: give at least one type and one intensity")

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What may be injected."""
        return tuple(fault for fault in FAULTS if fault.failure in self.types and fault.intensity in self.intensities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A job that gets a failure.

    Attributes:
        index: Which of the jobs, from 0.
        target: Where that job runs: a browser's name, or ``pytest`` or ``command``.
        fault: What it gets.
    """

    index: int
    target: str
    fault: Fault


def plan(options: InjectionOptions, targets: Sequence[str]) -> tuple[Planned, ...]:
    """Decide which of some jobs gets which failure.

    The failures are dealt like cards: none comes a second time before each that exists for the target came once. A
    job for whose target none of them exists gets none and is not counted.

    Args:
        options: How.
        targets: Where each job runs, in their order.

    Returns:
        The jobs that get one, in their order; the same for the same arguments.
    """
    chance = random.Random(options.seed)  # noqa: S311  # seeded chance is not cryptography
    hands: dict[str, list[Fault]] = {}
    planned = []
    for index in _places(options, len(targets), chance):
        target = targets[index]
        if not hands.get(target):
            hands[target] = _shuffled(options, target, chance)
        if hands[target]:
            planned.append(Planned(index=index, target=target, fault=hands[target].pop()))
    return tuple(planned)


def _shuffled(options: InjectionOptions, target: str, chance: random.Random) -> list[Fault]:
    there = [fault for fault in options.faults if not unavailable(target, fault.failure, fault.intensity)]
    chance.shuffle(there)
    return there


def _places(options: InjectionOptions, jobs: int, chance: random.Random) -> list[int]:
    if options.count is None:
        return _apart([at for at in range(jobs) if chance.random() < options.rate], options.pause)
    fit = min(options.count, (jobs + options.pause) // (options.pause + 1))
    # drawn from a row without the pauses, which are put in afterwards
    drawn = sorted(chance.sample(range(jobs - max(fit - 1, 0) * options.pause), fit))
    return [at + options.pause * number for number, at in enumerate(drawn)]


def _apart(places: Sequence[int], pause: int) -> list[int]:
    kept: list[int] = []
    for at in places:
        if not kept or at - kept[-1] > pause:
            kept.append(at)
    return kept
