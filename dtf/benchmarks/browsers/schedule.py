"""What happens in a run, decided by its seed before it begins: every arm gets the same jobs and the same faults."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dtf.benchmarks.browsers.episode import Episode
from dtf.benchmarks.browsers.job import Job, Work
from dtf.domain.errors import BadInputError
from dtf.domain.failure import INJECTABLE, FailureType, Intensity
from dtf.resilience.injection import Fault
from dtf.resilience.injection_availability import unavailable

#: So many of the works of 20 jobs.
_MIX = (Work.SHADER,) * 8 + (Work.PAGE,) * 9 + (Work.ASSERTION,) * 3
#: Draws that must not disturb each other come from streams of their own.
_FAULTS, _JOBS = "faults", "jobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a run is drawn. Times are in seconds.

    Attributes:
        browsers: Their names, in order.
        episodes: How many episodes there are, over all browsers.
        failures: The types of faults.
        length_s: The shortest and the longest episode: the shortest is longer than retries alone outlast.
        gap_s: The shortest and the longest time between two episodes of a browser.
        rate: Jobs a second for each browser, on average: few enough for the sound ones to take over a sick one's.
        pinned: The share of jobs that may run in one browser only.
        warm_up_s: Before the first episode; what arrives then is not measured.
        rest_s: How long jobs arrive after the last episode.
        drain_s: How long unfinished jobs are waited for after that, at most: the horizon.
    """

    browsers: tuple[str, ...]
    episodes: int
    failures: tuple[FailureType, ...] = INJECTABLE
    length_s: tuple[float, float] = (20.0, 60.0)
    gap_s: tuple[float, float] = (25.0, 45.0)
    rate: float = 0.15
    pinned: float = 0.5
    warm_up_s: float = 12.0
    rest_s: float = 15.0
    drain_s: float = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What happens in a run.

    Attributes:
        plan: How it was drawn.
        seed: What decided it.
        episodes: By their beginning.
        jobs: By their arrival.
    """

    plan: Plan
    seed: int
    episodes: tuple[Episode, ...]
    jobs: tuple[Job, ...]

    @property
    def arrivals_end_s(self) -> float:
        """When no job arrives any more."""
        return _arrivals_end_s(self.plan, self.episodes)

    @property
    def horizon_s(self) -> float:
        """When the run ends, whatever is unfinished."""
        return self.arrivals_end_s + self.plan.drain_s

    def episode_at(self, browser: str, at_s: float) -> Episode | None:
        """The episode that lasts in a browser at a time."""
        return next((one for one in self.episodes if one.browser == browser and one.lasts_at(at_s)), None)

    def latest_of(self, browser: str, at_s: float) -> Episode | None:
        """The episode of a browser that began last."""
        begun = [one for one in self.episodes if one.browser == browser and one.start_s <= at_s]
        return begun[-1] if begun else None


def draw_schedule(plan: Plan, seed: int) -> Schedule:
    """Draw what happens in a run; the same for the same arguments.

    Raises:
        BadInputError: None of the faults exists for one of the browsers.
    """
    chance = _chance(seed, _FAULTS)
    deck = _Deck(plan.failures, chance)
    drawn = []
    for browser, start_s, length_s in sorted(_times(plan, chance), key=lambda one: one[1]):
        fault = deck.deal(browser)
        drawn.append((browser, fault.failure, fault.intensity, start_s, length_s))
    episodes = tuple(
        Episode(number=n, browser=b, failure=f, intensity=i, start_s=s, length_s=long)
        for n, (b, f, i, s, long) in enumerate(drawn)
    )
    jobs = tuple(_jobs(plan, _chance(seed, _JOBS), _arrivals_end_s(plan, episodes)))
    return Schedule(plan=plan, seed=seed, episodes=episodes, jobs=jobs)


def _chance(seed: int, stream: str) -> random.Random:
    return random.Random(f"{seed} {stream}")  # noqa: S311  # seeded chance is not cryptography


def _arrivals_end_s(plan: Plan, episodes: Iterable[Episode]) -> float:
    return max((one.end_s for one in episodes), default=plan.warm_up_s) + plan.rest_s


def _times(plan: Plan, chance: random.Random) -> Iterator[tuple[str, float, float]]:
    """Where and when episodes are: the browsers take turns, so that each gets as many as the others."""
    order = list(plan.browsers)
    chance.shuffle(order)
    # the first ones come one after another, not all at once
    free = {name: plan.warm_up_s + place * plan.gap_s[0] / len(order) for place, name in enumerate(order)}
    for number in range(plan.episodes):
        browser = order[number % len(order)]
        start_s = free[browser] + (chance.uniform(*plan.gap_s) if number >= len(order) else 0.0)
        length_s = chance.uniform(*plan.length_s)
        free[browser] = start_s + length_s
        yield browser, round(start_s, 3), round(length_s, 3)


class _Deck:
    """Deals faults like cards: none a second time before all others were dealt once, as far as browsers have them."""

    def __init__(self, failures: Sequence[FailureType], chance: random.Random) -> None:
        self._all = [Fault(failure, intensity) for failure in failures for intensity in Intensity]
        self._left: list[Fault] = []
        self._chance = chance

    def deal(self, browser: str) -> Fault:
        for _ in range(2):
            for fault in self._left:
                if not unavailable(browser, fault.failure, fault.intensity):
                    self._left.remove(fault)
                    return fault
            fresh = list(self._all)
            self._chance.shuffle(fresh)
            self._left += fresh
        told = ", ".join(sorted({fault.failure for fault in self._all}))
        raise BadInputError(
            f"none of the failures {told} can be injected into {browser}: choose other types or browsers"
        )


def _jobs(plan: Plan, chance: random.Random, end_s: float) -> Iterator[Job]:
    at_s, number = 0.0, 0
    while (at_s := at_s + chance.expovariate(plan.rate * len(plan.browsers))) < end_s:
        browser = chance.choice(plan.browsers)
        pinned = browser if chance.random() < plan.pinned else ""
        work, seed = chance.choice(_MIX), chance.randrange(2**16)
        yield Job(number=number, work=work, arrives_s=round(at_s, 3), pinned=pinned, seed=seed)
        number += 1
