"""The injector's gate: each intensity in each breaker state and mode, allowed or refused, and recorded once."""

from dataclasses import replace

import pytest

from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.memory_store import MemoryStore
from dtf.breakers.permit import Permit
from dtf.domain.breaker import BreakerMode, BreakerState, Sign, Target
from dtf.domain.failure import INJECTABLE, FailureType, Intensity
from dtf.domain.injection import InjectionSpec
from dtf.domain.outcome import Outcome
from dtf.domain.proof import INJECTED, INJECTED_SEEN
from dtf.domain.shard import AttemptResult
from dtf.execution.guardian.injected_attempt import refusal
from dtf.resilience.classify import sign_of
from tests.support.fake_clock import FakeClock

TARGET = Target(hardware="cuda", name="GPU-1")
MILD, MODERATE, SEVERE = Intensity
CLOSED, HALF_OPEN, OPEN = BreakerState.CLOSED, BreakerState.HALF_OPEN, BreakerState.OPEN

#: As names.md says it.
THROUGH = {CLOSED: {MILD, MODERATE, SEVERE}, HALF_OPEN: {MILD, MODERATE}, OPEN: set[Intensity]()}


class Bench:
    """A breaker that is brought into a state by what it is told, as in operation."""

    def __init__(self, state: BreakerState, mode: BreakerMode) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore(self.clock)
        self.breakers = Breakers(self.store, BreakerConfig(policy=BreakerPolicy.CONSTANTS))
        #: Several jobs ran when it went wrong.
        self.permit = self.breakers.acquire((TARGET,))
        self.tell(Sign.WORKED)
        if state is not CLOSED:
            while self.state is CLOSED:
                self.tell(Sign.INFRA)
        if state is HALF_OPEN:
            self.clock.advance(6)
            self.tell(Sign.CANARY_PASSED, canary=True)
        assert self.state is state
        self.store.set_mode(TARGET, mode)

    @property
    def state(self) -> BreakerState:
        record = self.store.read(TARGET)
        assert record
        return record.state

    @property
    def told(self) -> list[Sign]:
        return [record.sign for record in self.store.heard("", 1000)[1]]

    def tell(self, sign: Sign, *, canary: bool = False) -> None:
        permit = self.breakers.acquire((TARGET,), canary=True) if canary else self.permit
        assert isinstance(permit, Permit)
        self.breakers.record(permit, sign, group="bench")


@pytest.mark.parametrize("mode", BreakerMode)
@pytest.mark.parametrize("intensity", Intensity)
@pytest.mark.parametrize("state", BreakerState)
def test_what_a_breaker_lets_through(state: BreakerState, intensity: Intensity, mode: BreakerMode) -> None:
    """Closed all, half-open mild and moderate, open none; one that is held counts as what it is held."""
    bench = Bench(state, mode)
    counted = {BreakerMode.FORCED_OPEN: OPEN, BreakerMode.FORCED_CLOSED: CLOSED}.get(mode, state)
    for failure in INJECTABLE:
        spec = InjectionSpec(failure=failure, intensity=intensity)
        told = refusal(spec, (TARGET,), bench.breakers.states())
        assert (not told) == (intensity in THROUGH[counted]), told
        assert not told or str(TARGET) in told


def test_one_that_nobody_knows_is_closed() -> None:
    """A target whose breaker has seen nothing lets all through; of several the strictest counts."""
    spec = InjectionSpec(failure=FailureType.TIMEOUT, intensity=SEVERE)
    bench = Bench(OPEN, BreakerMode.AUTO)
    fresh = replace(TARGET, name="GPU-2")
    assert not refusal(spec, (fresh,), bench.breakers.states())
    assert str(TARGET) in refusal(spec, (fresh, TARGET), bench.breakers.states())


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.FAILED, Outcome.INFRA, Outcome.TIMEOUT, Outcome.CANCELLED])
@pytest.mark.parametrize("intensity", Intensity)
@pytest.mark.parametrize("failure", INJECTABLE)
def test_what_is_recorded_once(failure: FailureType, intensity: Intensity, outcome: Outcome) -> None:
    """Severe ones of any type and crashes of any intensity give one bad sign, whatever came of the job; others none."""
    injected = {INJECTED: f"{failure} {intensity}", INJECTED_SEEN: "crash: it is gone"}
    met = AttemptResult(shard_id="s", attempt=1, worker_id="w", slot=0, outcome=outcome, proof=injected)
    again = replace(met, attempt=2, outcome=Outcome.PASSED, proof={})
    bench = Bench(CLOSED, BreakerMode.AUTO)
    before = len(bench.told)
    for result in (met, again):
        if sign := sign_of(result):
            bench.tell(sign)
    bad = [Sign.INFRA] if intensity is SEVERE or failure is FailureType.CRASH else []
    assert bench.told[before:] == [*bad, Sign.WORKED]


@pytest.mark.parametrize("failure", INJECTABLE)
def test_one_that_was_not_seen_does_not_count(failure: FailureType) -> None:
    """What was not confirmed says nothing, even where the attempt ended by it."""
    proof = {INJECTED: f"{failure} severe"}
    result = AttemptResult(shard_id="s", attempt=1, worker_id="w", slot=0, outcome=Outcome.INFRA, proof=proof)
    assert sign_of(result) is None
