import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dtf.breakers.memory_store import MemoryStore
from dtf.domain.breaker import BAD_SIGNS, BreakerMode, BreakerState, Sign
from dtf.resilience.breaker import Answer, BreakerRecord, Change, Gate
from dtf.resilience.breaker_params import LEAST_FAILURES, MOST_FAILURES, BreakerParams, Policy
from dtf.resilience.likelihood import Rates
from tests.support.breaker_events import EVENTS, RATES, TARGET, Ask, Event, Life, Mode, Raise, Result, Wait, numbers
from tests.support.fake_clock import FakeClock


class Watched(Life):
    """A life on a clock of its own whose every step is checked.

    It counts bad evidence by itself, so that what the breaker counts cannot hide a mistake.
    """

    def __init__(self, params: BreakerParams, rates: Rates) -> None:
        self.clock = FakeClock()
        super().__init__(MemoryStore(self.clock), params, rates)
        self._bad = 0
        self._row = 0
        self._infra_row = 0

    def live(self, events: list[Event]) -> None:
        """Do all events and check each."""
        for event in events:
            before = self.record()
            if isinstance(event, Wait):
                self.clock.advance(event.seconds)
                continue
            answer = self.do(event)
            after = self.record()
            if after is not None:
                self._check_record(after)
            if isinstance(event, Ask) and isinstance(answer, Gate) and after is not None:
                self._check_gate(event, answer, after)
            if isinstance(event, Result) and isinstance(answer, Change):
                self._check_change(event, answer, before)
            elif before is not None and after is not None:
                assert after.epoch == before.epoch, "only evidence makes transitions"

    def _check_record(self, record: BreakerRecord) -> None:
        assert record.belief.grey >= 0
        assert record.belief.down >= 0
        assert record.belief.bad < 1
        assert len(record.permits) <= self.params.probes

    def _check_gate(self, event: Ask, gate: Gate, record: BreakerRecord) -> None:
        if gate.answer is Answer.REFUSED:
            assert 0 < gate.wait_s < math.inf
        if record.mode is BreakerMode.FORCED_OPEN:
            assert gate.answer is Answer.REFUSED
        if not event.canary and record.mode is BreakerMode.FORCED_CLOSED:
            assert gate.answer is Answer.GRANTED
        if not event.canary and record.mode is BreakerMode.METRICS_ONLY:
            assert gate.answer is not Answer.REFUSED
        if gate.answer is Answer.GRANTED and record.mode is BreakerMode.AUTO:
            assert record.state is BreakerState.CLOSED

    def _check_change(self, event: Result, change: Change, before: BreakerRecord | None) -> None:
        current = before.epoch if before else 0
        if event.stale and self.seen_in(event) != current:
            assert change.dropped, "evidence of another epoch was taken in"
            assert before is None or (change.record == before and self.record() == before), "it changed something"
            return
        assert not change.dropped
        self._count(event.sign)
        assert change.record.epoch == current + (change.before is not None)
        if change.before is BreakerState.CLOSED:
            self._check_opening(event)
        elif change.record.state is BreakerState.CLOSED and change.record.mode is not BreakerMode.FORCED_CLOSED:
            self._check_still_closed(change)
        if change.before is not None:
            assert change.reason
            assert change.record.mode is not BreakerMode.FORCED_CLOSED
            assert not change.record.permits, "a probe of the state before counts"
            self._bad = self._row = self._infra_row = 0

    def _count(self, sign: Sign) -> None:
        bad = sign in BAD_SIGNS
        self._bad += bad
        self._row = (self._row + 1) * bad
        self._infra_row = (self._infra_row + (sign is not Sign.CRASH)) * bad

    def _check_opening(self, event: Result) -> None:
        assert event.sign in BAD_SIGNS, "success opened it"
        assert self._bad >= LEAST_FAILURES, "a single failure opened it"
        assert self._infra_row or not self.params.canary, "crashes alone opened it"
        if self.params.policy is Policy.FIXED:
            assert self._fixed_row() >= self.params.failures_to_open

    def _check_still_closed(self, change: Change) -> None:
        if change.before is None:
            most = self.params.failures_to_open if self.params.policy is Policy.FIXED else MOST_FAILURES
            row = self._fixed_row() if self.params.policy is Policy.FIXED else self._infra_row
            assert row < most, f"{row} failures in a row did not open it"

    def _fixed_row(self) -> int:
        """Where a canary can find out whose fault a crash is, none counts."""
        return self._infra_row if self.params.canary else self._row


def exits(life: Watched, lost: int = 0) -> None:
    """Let a healthy target's probes succeed, and real work go on, until everything is as it should be.

    Args:
        life: The breaker.
        lost: So many of its probes die first.
    """
    life.store.set_mode(TARGET, BreakerMode.AUTO)
    for _ in range(3000):
        gate = life.ask(canary=life.params.canary)
        if gate.answer is Answer.PROBE and lost:
            lost -= 1
        elif gate.answer is Answer.PROBE:
            sign = Sign.CANARY_PASSED if life.params.canary else Sign.WORKED
            life.observe(sign, *life.last_permit())
        record = life.record()
        assert record is not None
        if record.state is BreakerState.CLOSED and life.ask(canary=False).answer is Answer.GRANTED:
            return
        life.clock.advance(gate.wait_s + 0.001)
    raise AssertionError(f"it is stuck: {life.record()}")


@example(  # a sibling's opening made it believe the worst, and then a job passed
    params=BreakerParams(open_at=0.8, bad_rate=1 / 120, heal_s=600.0, canary=False),
    rates=Rates(base=0.34, group=0.22),
    events=[
        *([Result(which=0, sign=Sign.CRASH, reference="", siblings=0, stale=False)] * 2),
        Raise(factor=4.0),
        Result(which=0, sign=Sign.WORKED, reference="", siblings=0, stale=False),
    ],
)
@settings(max_examples=300)
@given(params=numbers(), rates=RATES, events=EVENTS)
def test_no_sequence_of_events_leaves_it_stuck_or_breaks_a_rule(
    params: BreakerParams, rates: Rates, events: list[Event]
) -> None:
    """From wherever the events led, time and successful probes close it again.

    On the way probes never exceed their number, no single failure opens, ten in a row do, evidence from before a
    transition changes nothing, and forced modes hold.
    """
    life = Watched(params, rates)
    life.live(events)
    exits(life)


@settings(max_examples=200)
@given(params=numbers(), rates=RATES, failures=st.integers(11, 20), events=EVENTS, lost=st.integers(0, 4))
def test_a_breaker_that_was_driven_open_closes_again(
    params: BreakerParams, rates: Rates, failures: int, events: list[Event], lost: int
) -> None:
    """The same from an open breaker: whatever happens there, and although some probers die, it is never stuck."""
    life = Watched(params, rates)
    life.live([Result(which=0, sign=Sign.INFRA, reference="job", siblings=4, stale=False)] * failures)
    record = life.record()
    assert record is not None
    assert record.state is BreakerState.OPEN
    life.live([Wait(seconds=3 * params.probe_every_s), *([Ask(canary=params.canary)] * 3), *events])
    exits(life, lost)


@given(params=numbers(), rates=RATES)
def test_one_that_only_tells_closes_by_real_work_where_there_is_no_canary(params: BreakerParams, rates: Rates) -> None:
    """METRICS_ONLY refuses nothing; the work that would have probed decides as a probe does."""
    life = Watched(params, rates)
    life.live([Result(which=0, sign=Sign.INFRA, reference="", siblings=0, stale=False)] * 11)
    life.live([Mode(mode=BreakerMode.METRICS_ONLY)])
    for _ in range(100):
        gate = life.ask(canary=params.canary)
        if gate.answer is Answer.PROBE:
            life.observe(Sign.WORKED, *life.last_permit())
        life.clock.advance(gate.wait_s + 1)
        record = life.record()
        assert record is not None
        if record.state is BreakerState.CLOSED:
            return
    raise AssertionError("it never closed")


def test_the_fixed_breaker_gives_all_retries_back_that_led_to_its_opening() -> None:
    """Also where each failure says so little that its belief stays calm."""
    life = Watched(BreakerParams(policy=Policy.FIXED, bad_rate=1 / 86400, canary=False), Rates(group=0.9))
    for number in range(3):
        assert not life.observe(Sign.CRASH, 0, "", f"job-{number}").refunds
    assert life.observe(Sign.CRASH, 0, "", "job-3").refunds == ("job-0", "job-1", "job-2", "job-3")


@pytest.mark.parametrize("policy", Policy)
def test_crashes_alone_never_open_a_breaker_where_there_is_a_canary(policy: Policy) -> None:
    """They ask for one, however sure it is that its target is bad; where canaries fail, it opens."""
    life = Watched(BreakerParams(policy=policy, hold_s=0.0), Rates(group=0.005 if policy is Policy.BELIEF else 0.1))
    life.live([Result(which=0, sign=Sign.CRASH, reference="", siblings=0, stale=False)] * 100)
    record = life.record()
    assert record is not None
    assert (record.state, record.epoch) == (BreakerState.CLOSED, 0)
    for failed in range(4 if policy is Policy.FIXED else 1):
        assert life.ask(canary=True).answer is Answer.PROBE, f"no canary is asked for after {failed} failed"
        change = life.observe(Sign.CANARY_FAILED, *life.last_permit())
    assert change.record.state is BreakerState.OPEN


@pytest.mark.parametrize(("sign", "rest_s"), [(Sign.CRASH, 5.0), (Sign.CANARY_FAILED, 7.5), (Sign.INFRA, 30.0)])
def test_after_a_probe_that_took_long_to_fail_there_is_a_rest_as_long(sign: Sign, rest_s: float) -> None:
    """So probes get half of the time at most: 1.5, 7.5 and 40 s are followed by 5, 7.5, and 30 s, which is the most."""
    life = Watched(BreakerParams(), Rates())
    life.live([Result(which=0, sign=Sign.INFRA, reference="", siblings=0, stale=False)] * 3)
    life.clock.advance(6.0)
    assert life.ask(canary=True).answer is Answer.PROBE
    record = life.observe(sign, *life.last_permit()).record
    assert record.next_probe_at - record.at == pytest.approx(rest_s)
