from collections.abc import Mapping
from typing import Any

import pytest

from dtf.breakers.learning_loop import LearningLoop
from dtf.breakers.memory_store import MemoryStore
from dtf.breakers.store import Account
from dtf.domain.breaker import BreakerState, Sign, Target, Transition
from dtf.learning.base_rate import SETTLE_S
from dtf.learning.learner import Learner
from dtf.resilience.breaker import BreakerRecord, Evidence
from dtf.resilience.breaker_params import FIXED
from dtf.resilience.likelihood import Rates, likelihood
from tests.support.fake_clock import FakeClock

GOOD, NOISY = Target(hardware="celery", name="good"), Target(hardware="celery", name="noisy")


class Kept:
    """Snapshots in memory."""

    def __init__(self, found: Mapping[str, Any] | None = None) -> None:
        self.found = found

    def load(self) -> Mapping[str, Any] | None:
        return self.found

    def save(self, snapshot: Mapping[str, Any]) -> None:
        self.found = snapshot


class Turns:
    """A lease that is held or not, as the test says."""

    def __init__(self) -> None:
        self.mine = True

    def hold(self) -> bool:
        return self.mine

    def let_go(self) -> None:
        self.mine = False


@pytest.fixture
def clock() -> FakeClock:
    """The store's time."""
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> MemoryStore:
    """Breakers in memory."""
    return MemoryStore(clock, stale_s=1e6)


def use(store: MemoryStore, target: Target, calls: int, *, fails_every: int = 0) -> None:
    """Use a target; each so many calls one fails."""
    for number in range(1, calls + 1):
        sign = Sign.INFRA if fails_every and number % fails_every == 0 else Sign.WORKED
        record = store.read(target)
        evidence = Evidence(
            sign=sign, likelihood=likelihood(sign, Rates()), epoch=record.epoch if record else 0, duration_s=0.1
        )
        store.observe(target, FIXED, evidence, Account(job_group="work"))


def test_what_is_learned_is_published(store: MemoryStore, clock: FakeClock) -> None:
    """The rates of two targets part, each from what was seen of it."""
    loop = LearningLoop(store, Kept())
    use(store, GOOD, 200)
    use(store, NOISY, 200, fails_every=5)
    loop.turn()
    clock.advance(SETTLE_S + 1)
    loop.turn()
    learned = store.learned()
    assert learned is not None
    assert learned.target(GOOD).base_rate < 0.02 < 0.1 < learned.target(NOISY).base_rate
    assert learned.target(GOOD).evidence == 200


def test_who_restores_a_snapshot_learns_the_rest(store: MemoryStore, clock: FakeClock) -> None:
    """Nothing is learned twice and nothing is left out."""
    kept = Kept()
    first = LearningLoop(store, kept, save_every=1)
    use(store, GOOD, 50)
    first.turn()
    use(store, GOOD, 30)  # the first one dies before it reads this
    second = LearningLoop(store, kept)
    second.turn()
    clock.advance(SETTLE_S + 1)
    found = second.turn()
    assert found is not None
    assert found.target(GOOD).evidence == 80


def test_the_version_rises_after_a_crash(store: MemoryStore) -> None:
    """A snapshot that is older than what was published does not turn the number back."""
    kept = Kept()
    first = LearningLoop(store, kept, save_every=1000)
    for _ in range(5):
        first.turn()
    first.save()
    first.turn()
    found = LearningLoop(store, kept).turn()
    assert found is not None
    assert found.version == 7


def test_one_learner_at_a_time(store: MemoryStore) -> None:
    """Without the lease nothing is read and nothing published; who lost it begins from the snapshots."""
    turns = Turns()
    turns.mine = False
    loop = LearningLoop(store, Kept(), lease=turns)
    assert loop.turn() is None
    assert (loop.leads, store.learned()) == (False, None)
    turns.mine = True
    assert loop.turn() is not None
    assert loop.leads
    turns.mine = False
    assert loop.turn() is None
    assert not loop.leads


@pytest.mark.parametrize(
    "found",
    [{}, {"format": 99}, {"format": 1, "learner": {"format": 99, "version": 1}}, {"format": 1, "learner": None}],
)
def test_a_snapshot_that_cannot_be_used(
    store: MemoryStore, clock: FakeClock, found: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """It is told, and all the evidence that is kept is learned from again."""
    use(store, GOOD, 40)
    loop = LearningLoop(store, Kept(found))
    loop.turn()
    clock.advance(SETTLE_S + 1)
    learned = loop.turn()
    assert learned is not None
    assert learned.target(GOOD).evidence == 40
    assert "cannot be used, it begins anew" in caplog.text


def test_what_the_store_forgot_is_forgotten_with_its_epoch(store: MemoryStore, clock: FakeClock) -> None:
    """Not at once: what comes back is told from what went on, as its breaker began anew meanwhile."""
    kept = Kept()
    loop = LearningLoop(store, kept, save_every=1)
    use(store, NOISY, 8, fails_every=1)
    loop.turn()
    store._records.clear()
    loop.turn()
    assert kept.found is not None
    assert [epoch for _, _, epoch in kept.found["epochs"]] == [1]
    use(store, NOISY, 1)
    loop.turn()
    ((_, _, model),) = kept.found["learner"]["targets"]
    assert model["outages"]["opened_at"] is None
    store._records.clear()
    clock.advance(31 * 86_400.0)
    loop.turn()
    assert (kept.found["epochs"], kept.found["learner"]["targets"]) == ([], [])


class Busy(MemoryStore):
    """A store in which a breaker goes on each time just after all were read."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.steps: list[Transition] = []

    def all(self) -> Mapping[Target, BreakerRecord]:
        found = {NOISY: BreakerRecord(epoch=len(self.steps))}
        step = Transition(
            target=NOISY,
            epoch=len(self.steps) + 1,
            at=self.now(),
            before=BreakerState.CLOSED,
            after=BreakerState.OPEN,
            reason="it went on",
        )
        self.steps.append(step)
        return found

    def transitions(self, target: Target, after_epoch: int) -> tuple[Transition, ...]:
        del target
        return tuple(self.steps[after_epoch:])


def test_a_transition_that_comes_between_two_looks_is_learned_once(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read with those before it, and not again by the next look."""
    seen: list[int] = []
    monkeypatch.setattr(Learner, "observe_transition", lambda _, transition: seen.append(transition.epoch))
    loop = LearningLoop(Busy(clock), Kept())
    for _ in range(5):
        loop.turn()
    assert seen == [1, 2, 3, 4]


def test_transitions_are_learned_once(store: MemoryStore) -> None:
    """An opening counts as one outage, however often the loop looks; a store that lost its data counts anew."""
    loop = LearningLoop(store, Kept())
    use(store, NOISY, 8, fails_every=1)
    for _ in range(3):
        learned = loop.turn()
        assert learned is not None
        assert learned.target(NOISY).outages == 1
