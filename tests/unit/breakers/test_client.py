import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.memory_store import MemoryStore
from dtf.breakers.permit import Permit, Recorded, Refusal
from dtf.domain.breaker import BreakerMode, BreakerState, Sign, Target
from dtf.domain.codec import from_json, to_json
from dtf.domain.errors import CircuitOpenError
from dtf.domain.learned import Learned, LearnedGroup, LearnedTarget
from dtf.resilience.breaker import Gate
from dtf.resilience.breaker_params import BreakerParams, Policy
from tests.support.fake_clock import FakeClock

FIRST, SECOND = Target(hardware="cuda", name="GPU-1"), Target(hardware="cuda", name="GPU-2")
OTHER = Target(hardware="rocm", name="GPU-3")

#: Copies of closed breakers are not trusted, so that each call asks the store.
ALWAYS = {"copy_s": 0.0}


class Counting(MemoryStore):
    """A store that counts how often it is asked."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.asked = 0

    def ask(self, target: Target, params: BreakerParams, *, permit: str, canary: bool = False) -> Gate:
        """As ``MemoryStore``."""
        self.asked += 1
        return super().ask(target, params, permit=permit, canary=canary)


@pytest.fixture
def clock() -> FakeClock:
    """The store's clock."""
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> Counting:
    """A store on that clock."""
    return Counting(clock)


def constants(store: MemoryStore, **more: object) -> Breakers:
    """Breakers that decide by their belief without anything learned."""
    return Breakers(store, BreakerConfig.of({"policy": "constants", **ALWAYS, **more}))


def leave(got: Permit | Refusal) -> Permit:
    """The permit that was got."""
    assert isinstance(got, Permit)
    return got


def opened(breakers: Breakers, target: Target) -> Recorded:
    """What the failure did that opened a target's breaker."""
    permits = [leave(breakers.acquire((target,))) for _ in range(12)]  # jobs that ran at the same time
    for number, permit in enumerate(permits):
        done = breakers.record(permit, Sign.INFRA, reference=f"job-{number}")
        if done.transitions:
            return done
    raise AssertionError("it did not open")


def test_a_closed_breaker_is_asked_once_and_then_known(store: Counting) -> None:
    """The process trusts its copy of a closed breaker, and gives out the same permit again."""
    breakers = Breakers(store, BreakerConfig(policy=BreakerPolicy.CONSTANTS, copy_s=10))
    permit = breakers.acquire((FIRST, OTHER))
    assert breakers.acquire((FIRST, OTHER)) is permit
    assert isinstance(breakers.acquire((OTHER,)), Permit)
    assert store.asked == 2


def test_bad_news_ends_the_copy(store: Counting) -> None:
    """Who records the failure that makes a target suspect asks the store the next time."""
    breakers = Breakers(store, BreakerConfig(policy=BreakerPolicy.CONSTANTS, copy_s=10))
    permit = leave(breakers.acquire((FIRST,)))
    breakers.record(permit, Sign.INFRA)
    assert isinstance(breakers.acquire((FIRST,)), Refusal)
    assert store.asked == 2


def test_an_opening_gives_retries_back_and_refuses_with_a_reason(store: Counting) -> None:
    """The jobs that led to it get their retries back, the transition says why, and what follows is refused in words."""
    breakers = constants(store)
    done = opened(breakers, FIRST)
    assert done.refund
    assert done.refunds[0] == "job-0"
    (transition,) = done.transitions
    assert (transition.before, transition.after, transition.epoch) == (BreakerState.CLOSED, BreakerState.OPEN, 1)
    assert transition.reason == f"{len(done.refunds)} failures where 2 % is normal"
    assert store.transitions(FIRST, 0) == (transition,)
    refused = breakers.acquire((FIRST,))
    assert isinstance(refused, Refusal)
    with pytest.raises(
        CircuitOpenError, match="the circuit breaker of cuda/GPU-1 lets nothing through now; ask again in"
    ):
        raise refused.error()


def test_all_or_none(store: Counting, clock: FakeClock) -> None:
    """Where one of two targets refuses, the probe of the other one is given back."""
    breakers = constants(store, canary=False)
    opened(breakers, FIRST)
    clock.advance(6)
    opened(breakers, SECOND)  # and may not be probed yet
    assert isinstance(breakers.acquire((SECOND, FIRST)), Refusal)
    record = store.read(FIRST)
    assert record is not None
    assert not record.permits
    assert leave(breakers.acquire((FIRST,))).is_probe


def test_canaries_close_it_again(store: Counting, clock: FakeClock) -> None:
    """Real work is refused until canaries have passed; each of their permits is a probe."""
    breakers = constants(store)
    opened(breakers, FIRST)
    assert isinstance(breakers.acquire((FIRST,), canary=True), Refusal)
    clock.advance(5.1)
    for _ in range(6):
        assert isinstance(breakers.acquire((FIRST,)), Refusal)
        canary = leave(breakers.acquire((FIRST,), canary=True))
        assert canary.is_probe
        done = breakers.record(canary, Sign.CANARY_PASSED)
        if done.transitions and done.transitions[0].after is BreakerState.CLOSED:
            break
    assert not leave(breakers.acquire((FIRST,))).is_probe


def test_an_opening_makes_its_siblings_suspect_and_no_others(store: Counting) -> None:
    """The odds of the same hardware's other targets grow; nothing opens by that alone."""
    breakers = constants(store)
    for target in (FIRST, SECOND, OTHER):
        breakers.acquire((target,))
    before = {target: record.belief.bad for target, record in breakers.states().items()}
    opened(breakers, FIRST)
    after = breakers.states()
    assert after[SECOND].belief.bad > 2 * before[SECOND]
    assert after[OTHER].belief.bad == pytest.approx(before[OTHER])
    assert after[SECOND].state is BreakerState.CLOSED


@pytest.mark.parametrize(("rate", "suspect"), [(0.0, False), (0.8, True)])
def test_siblings_are_suspected_as_often_as_was_learned(
    store: Counting, clock: FakeClock, rate: float, suspect: bool
) -> None:
    """Where openings of the hardware were seen to come together a canary is due at the sibling at once, else not."""
    known = {str(one): LearnedTarget(sibling_rate=rate, evidence=100) for one in (FIRST, SECOND)}
    store.publish(Learned(version=1, at=clock.now(), targets=known))
    breakers = Breakers(store, BreakerConfig.of({"learned_every_s": 0.05, **ALWAYS}))
    for target in (FIRST, SECOND):
        breakers.acquire((target,))
    clock.advance(60)  # the belief about both is what their hazard says
    opened(breakers, FIRST)
    assert breakers.states()[SECOND].state is BreakerState.CLOSED
    assert isinstance(breakers.acquire((SECOND,), canary=True), Permit) is suspect


def test_siblings_that_opened_together_are_probed_less_often(store: Counting, clock: FakeClock) -> None:
    """The second of two openings within 20 s waits twice as long."""
    breakers = constants(store)
    opened(breakers, FIRST)
    opened(breakers, SECOND)
    clock.advance(5.1)
    assert isinstance(breakers.acquire((FIRST,), canary=True), Permit)
    assert isinstance(breakers.acquire((SECOND,), canary=True), Refusal)
    clock.advance(5)
    assert isinstance(breakers.acquire((SECOND,), canary=True), Permit)


@pytest.mark.parametrize("policy", ["constants", "fixed"])
def test_a_close_has_its_open_siblings_probed_at_once(store: Counting, clock: FakeClock, policy: str) -> None:
    """The cause may be gone there too: those of its hardware do not wait. The fixed breaker knows no siblings."""
    breakers = Breakers(store, BreakerConfig.of({"policy": policy, **ALWAYS}))
    opened(breakers, FIRST)
    clock.advance(4.0)
    for target in (SECOND, OTHER):
        opened(breakers, target)
    clock.advance(1.1)
    assert isinstance(breakers.acquire((SECOND,), canary=True), Refusal)
    while breakers.states()[FIRST].state is not BreakerState.CLOSED:
        breakers.record(leave(breakers.acquire((FIRST,), canary=True)), Sign.CANARY_PASSED)
    is_told = policy != "fixed"
    assert isinstance(breakers.acquire((SECOND,), canary=True), Permit) is is_told
    assert isinstance(breakers.acquire((OTHER,), canary=True), Refusal)
    assert breakers.states()[SECOND].state is BreakerState.OPEN, "it decides by its own probes"


def test_breakers_that_only_tell_refuse_nothing_and_refund_nothing(store: Counting) -> None:
    """With the policy `metrics` transitions happen and are told, and the work goes on."""
    breakers = Breakers(store, BreakerConfig.of({"policy": "metrics", **ALWAYS}))
    done = opened(breakers, FIRST)
    assert (done.refund, done.refunds) == (False, ())
    assert isinstance(breakers.acquire((FIRST,)), Permit)


def test_switched_off_there_are_none(store: Counting) -> None:
    """With the policy `off` everything is permitted and nothing is kept."""
    breakers = Breakers(store, BreakerConfig.of({"policy": "off"}))
    for _ in range(20):
        breakers.record(leave(breakers.acquire((FIRST,))), Sign.INFRA)
    assert store.asked == 0
    assert not breakers.states()


def test_an_operator_decides(store: Counting) -> None:
    """Forced open refuses canaries too; forced closed lets everything through however much fails."""
    breakers = constants(store)
    store.set_mode(FIRST, BreakerMode.FORCED_OPEN)
    assert isinstance(breakers.acquire((FIRST,)), Refusal)
    assert isinstance(breakers.acquire((FIRST,), canary=True), Refusal)
    store.set_mode(FIRST, BreakerMode.FORCED_CLOSED)
    for _ in range(20):
        assert not breakers.record(leave(breakers.acquire((FIRST,))), Sign.INFRA).transitions


def test_a_refusal_says_what_decided(store: Counting) -> None:
    """The failures in a row where those did; the belief where that did, or only holds work back."""
    fixed = Breakers(store, BreakerConfig.of({"policy": "fixed", "canary": False, **ALWAYS}))
    for _ in range(4):
        fixed.record(leave(fixed.acquire((FIRST,))), Sign.CRASH)
    said = fixed.acquire((FIRST,))
    assert isinstance(said, Refusal)
    assert "(4 failures where 2 % is normal)" in str(said.error())
    believes = constants(store, canary=False)
    for _ in range(2):
        believes.record(leave(believes.acquire((SECOND,))), Sign.INFRA)
    said = believes.acquire((SECOND,))
    assert isinstance(said, Refusal)
    assert "(it is believed to be bad with 9" in str(said.error())


def test_a_refusal_by_an_operator_says_so(store: Counting, clock: FakeClock) -> None:
    """When the breaker was forced open and how that ends; no belief decided."""
    breakers = constants(store)
    store.set_mode(FIRST, BreakerMode.FORCED_OPEN)
    clock.advance(3600)
    said = breakers.acquire((FIRST,))
    assert isinstance(said, Refusal)
    assert said.forced_since == 1_000_000.0
    text = str(said.error())
    assert "cuda/GPU-1 was forced open by an operator at 1970-01-12 13:46:40 UTC and lets nothing through" in text
    assert "'dtf breakers auto cuda/GPU-1' leaves it to itself again" in text
    assert "believed" not in text
    store.set_mode(FIRST, BreakerMode.AUTO)
    assert leave(breakers.acquire((FIRST,)))


def test_what_was_learned_is_used_until_it_is_stale(store: Counting, clock: FakeClock) -> None:
    """Nothing: fixed. Published: by belief, with the group's own durations. Two minutes later: fixed again."""
    breakers = Breakers(store, BreakerConfig(learned_every_s=0.05))
    breakers.acquire((FIRST,))
    assert breakers.numbers.params(FIRST).policy is Policy.FIXED
    group = LearnedGroup(duration_log_mean=1.0, duration_log_sd=0.5, evidence=100)
    known = {str(FIRST): LearnedTarget(base_rate=0.1, evidence=100)}
    store.publish(Learned(version=1, at=clock.now(), targets=known, groups={"suite": group}))
    breakers.numbers.look(store)
    assert breakers.numbers.params(FIRST).policy is Policy.BELIEF
    assert breakers.numbers.rates(FIRST, "suite").base == 0.1
    assert breakers.numbers.expected_s(FIRST, "suite") == pytest.approx(3.08, abs=0.01)
    assert breakers.numbers.params(OTHER).policy is Policy.FIXED  # nothing is known of that hardware
    clock.advance(121)
    breakers.numbers.look(store)
    assert breakers.numbers.params(FIRST).policy is Policy.FIXED
    assert breakers.numbers.expected_s(FIRST, "suite") is None


def test_a_failure_that_is_usual_on_its_target_costs_no_job_a_retry(store: Counting, clock: FakeClock) -> None:
    """One in five fails there anyway; where it is rare, the first failure counts; a crash may be the job's own."""
    noisy = LearnedTarget(base_rate=0.2, evidence=500)
    calm = LearnedTarget(base_rate=0.004, evidence=500)
    store.publish(Learned(version=1, at=clock.now(), targets={str(FIRST): noisy, str(OTHER): calm}))
    breakers = Breakers(store, BreakerConfig())
    first = breakers.record(leave(breakers.acquire((FIRST,))), Sign.INFRA)
    assert (first.refund, first.usual) == (True, True)
    second = breakers.record(leave(breakers.acquire((OTHER,))), Sign.INFRA)
    assert second.usual is False
    assert breakers.record(leave(breakers.acquire((FIRST,))), Sign.CRASH).usual is False


def test_the_learner_hears_what_the_breaker_took_in(store: Counting) -> None:
    """Sign, group, duration and the belief before it, once for each target of the permit."""
    breakers = constants(store)
    breakers.record(leave(breakers.acquire((FIRST, OTHER))), Sign.CRASH, group="suite", duration_s=2.5)
    position, heard = store.heard("", 10)
    assert [(one.target, one.sign, one.job_group, one.duration_s) for one in heard] == [
        (FIRST, Sign.CRASH, "suite", 2.5),
        (OTHER, Sign.CRASH, "suite", 2.5),
    ]
    assert all(0 < one.believed < 0.1 for one in heard)
    assert store.heard(position, 10) == (position, ())


def test_a_permit_can_be_used_in_another_process(store: Counting) -> None:
    """It survives the way through JSON."""
    permit = leave(constants(store).acquire((FIRST, OTHER)))
    assert from_json(Permit, to_json(permit)) == permit


def test_nothing_is_logged_while_the_store_answers(store: Counting, caplog: pytest.LogCaptureFixture) -> None:
    """An opening is told by its transition, not by a log line of each process."""
    with caplog.at_level(logging.INFO):
        opened(constants(store), FIRST)
    assert not caplog.records


def test_threads_share_one_client(store: Counting, clock: FakeClock) -> None:
    """Of eight threads that ask an open breaker at once three get a probe, each with its own name."""
    breakers = constants(store, canary=False, probes=3)
    opened(breakers, FIRST)
    clock.advance(6)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: breakers.acquire((FIRST,)), range(64)))
    names = [one.holds[0].probe for one in got if isinstance(one, Permit)]
    assert len(names) == len(set(names)) == 3
