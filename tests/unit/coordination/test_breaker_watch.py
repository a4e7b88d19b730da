import logging
from collections.abc import Callable, Mapping

import pytest

from dtf.breakers.errors import StoreUnavailableError
from dtf.breakers.memory_store import MemoryStore
from dtf.coordination.breaker_watch import BreakerWatch
from dtf.coordination.rerouting import Rerouting
from dtf.domain.breaker import BreakerMode, BreakerState, Sign, Target, Transition
from dtf.domain.ports.control import Term
from dtf.resilience.breaker import Answer, BreakerRecord, Evidence
from dtf.resilience.breaker_params import FIXED
from tests.support.fake_clock import FakeClock
from tests.support.memory_breakers import MemoryFallbacks, MemoryJournal
from tests.support.memory_control import MemoryLedger
from tests.unit.coordination.test_rerouting import G1, G2, lab

ILL = (0.02, 0.55, 0.95)


class World:
    """A store, a ledger, and coordinators over them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore(self.clock)
        self.ledger = MemoryLedger(self.clock, holder="c1", term=1, expires_at=self.clock.now() + 1e6)
        self.journal = MemoryJournal(self.ledger)
        self.fallbacks = MemoryFallbacks(workers=[lab()])
        self.term = Term(holder="c1", number=1)
        self.up = True
        self.between: Callable[[], object] = lambda: None

    def watch(self) -> BreakerWatch:
        """The watch of one more coordinator."""
        return BreakerWatch(lambda: self, self.journal, Rerouting(self.fallbacks, self.clock, after_s=30.0), self.clock)

    def all(self) -> Mapping[Target, BreakerRecord]:
        """The breakers, if the store answers."""
        if not self.up:
            raise StoreUnavailableError
        return self.store.all()

    def set_mode(self, target: Target, mode: BreakerMode, *, order: int = 0) -> BreakerRecord:
        """As the store; before it an operator may come in between."""
        between, self.between = self.between, lambda: None
        between()
        return self.store.set_mode(target, mode, order=order)

    def order(self, target: Target, mode: BreakerMode) -> None:
        """What the command does."""
        self.store.set_mode(target, mode, order=self.journal.tell_mode(target, mode, "fan broken"))

    def transitions(self, target: Target, after_epoch: int) -> tuple[Transition, ...]:
        """As the store."""
        return self.store.transitions(target, after_epoch)

    def fail(self, target: Target, times: int = 4) -> None:
        """Let the target fail so often that a fixed breaker opens."""
        epoch = self.store.ask(target, FIXED, permit="p").epoch
        for _ in range(times):
            self.clock.advance(0.1)
            self.store.observe(target, FIXED, Evidence(sign=Sign.INFRA, likelihood=ILL, epoch=epoch))

    def heal(self, target: Target) -> None:
        """Let a canary pass."""
        self.clock.advance(FIXED.probe_every_s)
        gate = self.store.ask(target, FIXED, permit="canary", canary=True)
        assert gate.answer is Answer.PROBE
        good = Evidence(sign=Sign.CANARY_PASSED, likelihood=(1, 0.5, 0.1), epoch=gate.epoch, permit="canary")
        self.store.observe(target, FIXED, good)

    @property
    def told(self) -> list[tuple[str, str]]:
        """What the ledger has been told."""
        return [(step.target.name, str(step.after)) for step in self.journal.events]


@pytest.fixture
def world() -> World:
    """Nothing has happened yet."""
    return World()


def test_every_transition_is_told_once_over_a_failover(world: World) -> None:
    """The next leader tells what the first had not, and nothing again; between, the ledger is not asked."""
    first, second = world.watch(), world.watch()
    first.tick(world.term)
    world.fail(G1)
    first.tick(world.term)
    first.tick(world.term)
    assert world.journal.asked == 1
    world.heal(G1)
    world.fail(G2)
    second.tick(world.term)
    assert world.told == [("GPU-1", "open"), ("GPU-1", "closed"), ("GPU-2", "open")]
    first.reset()
    first.tick(world.term)
    assert len(world.told) == 3
    assert world.journal.events[0].reason.startswith("4 failures")


def test_a_store_that_began_anew_is_heard_again(world: World) -> None:
    """Its breakers count from the beginning."""
    watch = world.watch()
    for _ in range(2):
        world.fail(G1)
        watch.tick(world.term)
        world.heal(G1)
        watch.tick(world.term)
    world.clock.advance(1)
    world.store = MemoryStore(world.clock)
    watch.tick(world.term)
    world.fail(G1)
    watch.tick(world.term)
    assert [state for _, state in world.told] == ["open", "closed", "open", "closed", "open"]


def test_a_store_that_is_away_is_told_once_and_asked_now_and_then(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """What happened meanwhile is told when it is back."""
    caplog.set_level(logging.WARNING)
    watch = world.watch()
    world.up = False
    for _ in range(20):
        watch.tick(world.term)
        world.clock.advance(0.5)
    world.fail(G1)
    assert sum("does not answer" in record.getMessage() for record in caplog.records) == 1
    world.up = True
    world.clock.advance(10)
    watch.tick(world.term)
    assert world.told == [("GPU-1", "open")]
    assert "is back" in caplog.text


def test_work_moves_while_breakers_refuse(world: World) -> None:
    """By themselves or by hand; one that only tells refuses nothing."""
    watch = world.watch()
    world.fallbacks.wait("j1", "cuda", "cpu")
    world.fail(G1)
    world.store.ask(G2, FIXED, permit="p")
    world.store.set_mode(G2, BreakerMode.FORCED_OPEN)
    for _ in range(2):
        watch.tick(world.term)
        world.clock.advance(31)
    assert world.fallbacks.queue_of("j1") == "cpu"
    world.store.set_mode(G1, BreakerMode.METRICS_ONLY)
    record = world.store.read(G1)
    assert record is not None
    assert record.state is BreakerState.OPEN
    watch.tick(world.term)
    assert world.fallbacks.queue_of("j1") == "cuda"


def _mode(world: World) -> BreakerMode:
    record = world.store.read(G1)
    return BreakerMode.AUTO if record is None else record.mode


@pytest.mark.parametrize("mode", [BreakerMode.FORCED_OPEN, BreakerMode.FORCED_CLOSED, BreakerMode.METRICS_ONLY])
def test_what_an_operator_ordered_outlives_the_store(
    world: World, mode: BreakerMode, caplog: pytest.LogCaptureFixture
) -> None:
    """Under the same leader and the first turn of the next; it is told once each time."""
    watch = world.watch()
    world.order(G1, mode)
    watch.tick(world.term)
    assert world.journal.restored == []
    world.store = MemoryStore(world.clock)
    watch.tick(world.term)
    watch.tick(world.term)
    assert _mode(world) is mode
    assert world.journal.restored == [(G1, mode)]
    assert f"{mode} again, as an operator ordered (fan broken)" in caplog.text
    world.store = MemoryStore(world.clock)
    world.store.ask(G1, FIXED, permit="p")  # its breaker began anew before anybody looked
    world.watch().tick(world.term)
    assert _mode(world) is mode
    assert len(world.journal.restored) == 2


def test_auto_ends_what_was_ordered(world: World) -> None:
    """Also where it comes between the leader's reading and writing, and where the store is lost in between."""
    watch = world.watch()
    world.order(G1, BreakerMode.FORCED_OPEN)
    watch.tick(world.term)
    world.store = MemoryStore(world.clock)
    world.between = lambda: world.order(G1, BreakerMode.AUTO)
    watch.tick(world.term)
    assert _mode(world) is BreakerMode.AUTO
    assert world.journal.restored == []
    world.order(G1, BreakerMode.FORCED_OPEN)
    world.order(G1, BreakerMode.AUTO)
    world.store = MemoryStore(world.clock)
    world.store.set_mode(G1, BreakerMode.FORCED_OPEN, order=3)  # a leader that was frozen wakes
    for _ in range(2):
        watch.tick(world.term)
    assert _mode(world) is BreakerMode.AUTO


def test_what_was_ordered_without_the_ledger_stays(world: World) -> None:
    """The leader obeys the ledger where the store knows nothing of it, not where somebody overrode it there."""
    watch = world.watch()
    world.order(G1, BreakerMode.FORCED_OPEN)
    world.store.set_mode(G1, BreakerMode.AUTO)
    for _ in range(3):
        watch.tick(world.term)
    assert _mode(world) is BreakerMode.AUTO
    assert world.journal.restored == []
