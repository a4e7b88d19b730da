"""A broker, a ledger and leaders that learn, in memory."""

from collections.abc import Collection, Mapping
from typing import Any

from dtf.breakers.learning_loop import LearningLoop, Snapshots
from dtf.breakers.memory_store import MemoryStore
from dtf.breakers.store import BreakerStore
from dtf.coordination.learning import Learning
from dtf.domain.breaker import Sign, Target, Transition
from dtf.domain.evidence import EvidenceRecord
from dtf.domain.learned import Learned, LearnedTarget
from dtf.domain.ports.control import Term
from tests.support.fake_clock import FakeClock
from tests.support.memory_breakers import MemoryJournal
from tests.support.memory_control import MemoryLedger

GPU = Target(hardware="cuda", name="GPU-1")


class Counter:
    """A learner that counts: the base rate is how many of its records were bad."""

    def __init__(self) -> None:
        self.bad = self.seen = self.version = 0

    def observe(self, record: EvidenceRecord) -> None:
        """Count."""
        self.seen += 1
        self.bad += record.sign is Sign.INFRA

    def observe_transition(self, transition: Transition) -> None:
        """Nothing is learned from it."""

    def knows(self, target: Target) -> bool:
        """Nothing of it alone."""
        del target
        return False

    def forget(self, present: Collection[Target], now: float) -> None:
        """There is nothing to forget."""

    def publish(self, now: float) -> Learned:
        """The rate."""
        self.version += 1
        found = LearnedTarget(base_rate=self.bad / max(self.seen, 1), evidence=self.seen)
        return Learned(version=self.version, at=now, targets={str(GPU): found})

    def snapshot(self) -> dict[str, Any]:
        """The counts."""
        return {"bad": self.bad, "seen": self.seen, "version": self.version}

    def restore(self, data: Mapping[str, Any]) -> None:
        """The counts."""
        self.bad, self.seen, self.version = data["bad"], data["seen"], data["version"]


class World:
    """A broker that can be lost, a ledger that cannot, and leaders one after the other."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore(self.clock)
        self.ledger = MemoryLedger(self.clock, holder="c", term=1, expires_at=self.clock.now() + 1e9)
        self.journal = MemoryJournal(self.ledger)
        self.begun = 0
        self.learning = self.leader()

    @property
    def term(self) -> Term:
        """Of the leader."""
        return Term(holder="c", number=self.ledger.term)

    def leader(self) -> Learning:
        """The learning of another coordinator."""
        self.ledger.term += 1
        return Learning(lambda: self.store, self.journal, self.clock, make_loop=self.make)

    def lose_broker(self) -> None:
        """Start an empty one; its numbers go on, as a server's, which are made of the time."""
        self.clock.advance(1.0)
        told, self.store = self.store._told, MemoryStore(self.clock)
        self.store._told = told

    def make(self, store: BreakerStore, snapshots: Snapshots) -> LearningLoop:
        """A loop with a learner that counts."""
        self.begun += 1
        return LearningLoop(store, snapshots, make_learner=Counter)  # type: ignore[arg-type]

    def see(self, count: int, bad: int = 0) -> None:
        """Let so many jobs end, some of them badly."""
        for number in range(count):
            sign = Sign.INFRA if number < bad else Sign.WORKED
            self.store.tell(EvidenceRecord(at=self.clock.now(), target=GPU, sign=sign, job_group="g"))

    def go_on(self, seconds: float) -> None:
        """Lead for a while."""
        for _ in range(int(seconds)):
            self.learning.tick(self.term)
            self.clock.advance(1.0)

    def known(self) -> tuple[float, int]:
        """The base rate and the evidence that breakers read now."""
        learned = self.store.learned()
        found = learned.target(GPU) if learned else LearnedTarget()
        return found.base_rate, found.evidence
