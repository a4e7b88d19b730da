"""Calls on one target that fail by chance, and outages, against a breaker whose learner is at work."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerConfig
from dtf.breakers.learning_loop import INTERVAL_S, LearningLoop
from dtf.breakers.memory_store import MemoryStore
from dtf.breakers.permit import Permit, Refusal
from dtf.domain.breaker import Sign, Target
from dtf.domain.learned import LearnedTarget
from dtf.resilience.likelihood import Rates
from tests.support.fake_clock import FakeClock

TARGET: Final = Target(hardware="celery", name="payments")

#: The share of calls that fail in an outage.
BROKEN: Final = 0.95
#: How often a canary errs.
RATES: Final = Rates()


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What is called.

    Attributes:
        failing: The share of calls that fail while the target is healthy, each for itself.
        per_s: How many calls begin in a second, on average; a call takes no time.
        length_s: For how long.
        outages: From when to when the target is broken, in seconds from the beginning.
        warm_up_s: For so long calls are counted apart: until enough is known the fixed breaker decides.
        canary: Whether there is one; it takes no time, and fails as it does in dtf by default.
        seed: Draws all.
    """

    failing: float
    per_s: float
    length_s: float
    outages: tuple[tuple[float, float], ...] = ()
    warm_up_s: float = 0.0
    canary: bool = False
    seed: int = 0


@dataclass(slots=True)
class Toll:
    """What became of the calls, and what was learned.

    Attributes:
        healthy: Calls while the target was healthy, and how many of them were refused.
        first: The same while it warmed up.
        broken: The same in outages.
        seen_s: For each outage how long it took until a call was refused; what was not seen is missing.
        learned: Of the target.
    """

    healthy: int = 0
    refused: int = 0
    first: int = 0
    first_refused: int = 0
    broken: int = 0
    spared: int = 0
    seen_s: tuple[float, ...] = ()
    learned: LearnedTarget = field(default_factory=LearnedTarget)

    @property
    def refused_share(self) -> float:
        """Of the calls while the target was healthy."""
        return self.refused / max(self.healthy, 1)

    @property
    def whole_share(self) -> float:
        """The same with those while it warmed up."""
        return (self.refused + self.first_refused) / max(self.healthy + self.first, 1)


class NoSnapshots:
    """Nothing is kept."""

    def load(self) -> Mapping[str, Any] | None:
        """Nothing."""
        return None

    def save(self, snapshot: Mapping[str, Any]) -> None:
        """Nowhere."""


class Caller:
    """Calls as long as there is traffic, while the learner takes its turns."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._clock = FakeClock()
        self._chance = Random(traffic.seed)
        self._store = MemoryStore(self._clock)
        # what was learned is taken over with each turn, and not by the real clock
        config = BreakerConfig.of({"canary": traffic.canary, "copy_s": 0.0, "learned_every_s": 600.0})
        self._breakers = Breakers(self._store, config)
        self._loop = LearningLoop(self._store, NoSnapshots())
        self._began = self._clock.now()
        self._seen: dict[tuple[float, float], float] = {}

    def run(self) -> Toll:
        """Call, and say what came of it."""
        toll, traffic, turn_at = Toll(), self._traffic, INTERVAL_S
        at = self._chance.expovariate(traffic.per_s)
        while at < traffic.length_s:
            while turn_at <= at:
                self._go_to(turn_at)
                self._loop.turn()
                self._breakers.numbers.look(self._store)
                turn_at += INTERVAL_S
            self._go_to(at)
            if traffic.canary:
                self._look(at)
            self._call(at, toll)
            at += self._chance.expovariate(traffic.per_s)
        toll.seen_s = tuple(self._seen.values())
        toll.learned = self._loop.learned.target(TARGET) if self._loop.learned else toll.learned
        return toll

    def _outage(self, at: float) -> tuple[float, float] | None:
        return next((one for one in self._traffic.outages if one[0] <= at < one[1]), None)

    def _look(self, at: float) -> None:
        permit = self._breakers.acquire((TARGET,), canary=True)
        if isinstance(permit, Permit):
            fails = self._chance.random() < (BROKEN if self._outage(at) else RATES.canary_false)
            self._breakers.record(permit, Sign.CANARY_FAILED if fails else Sign.CANARY_PASSED, duration_s=1.0)

    def _call(self, at: float, toll: Toll) -> None:
        outage = self._outage(at)
        fails = self._chance.random() < (BROKEN if outage else self._traffic.failing)
        permit = self._breakers.acquire((TARGET,))
        is_refused = isinstance(permit, Refusal)
        if not isinstance(permit, Refusal):
            self._breakers.record(permit, Sign.INFRA if fails else Sign.WORKED, group="pay", duration_s=0.1)
        if outage:
            toll.broken += 1
            toll.spared += is_refused
            if is_refused:
                self._seen.setdefault(outage, at - outage[0])
        elif at >= self._traffic.warm_up_s:
            toll.healthy += 1
            toll.refused += is_refused
        else:
            toll.first += 1
            toll.first_refused += is_refused

    def _go_to(self, at: float) -> None:
        self._clock.advance(max(self._began + at - self._clock.now(), 0.0))
