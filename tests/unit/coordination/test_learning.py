import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest

from dtf.breakers.errors import StoreUnavailableError
from dtf.breakers.learning_loop import LearningLoop, MissingRiverError, Snapshots
from dtf.breakers.memory_store import MemoryStore
from dtf.breakers.store import BreakerStore
from dtf.coordination.learning import MUCH, PUBLISH_S, YOUNG_S, Learning
from dtf.coordination.unlearned import MOST
from dtf.domain.breaker import Sign, Target, Transition
from dtf.domain.errors import TermOverError
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


@pytest.fixture
def world() -> World:
    """Nothing has happened yet."""
    return World()


def test_a_cluster_that_lives_for_seconds_loads_no_learner(world: World) -> None:
    """Without evidence none ever does; with some it begins when the cluster has been there for a while."""
    world.go_on(100)
    world.learning = world.leader()
    world.see(10, bad=1)
    world.go_on(YOUNG_S - 2)
    assert world.begun == 0
    world.go_on(PUBLISH_S + 3)
    assert world.begun == 1
    assert world.known() == (0.1, 10)


def test_much_evidence_is_learned_from_at_once(world: World) -> None:
    """It came from many short runs, or from a large one."""
    world.see(MUCH)
    world.go_on(2)
    assert world.begun == 1
    assert world.known()[1] == MUCH


def test_what_was_learned_outlives_broker_and_leader(world: World) -> None:
    """The next leader publishes it at once, without a learner, and it stays fresh."""
    world.see(MUCH, bad=50)
    world.go_on(2)
    world.learning.close()
    world.lose_broker()
    world.clock.advance(86_400)
    world.learning = world.leader()
    world.go_on(300)
    assert world.begun == 1
    assert world.known() == (0.1, MUCH)
    learned = world.store.learned()
    assert learned is not None
    assert world.clock.now() - learned.at <= PUBLISH_S + 1


def test_a_learner_goes_on_from_its_snapshot(world: World) -> None:
    """Nothing is learned twice, whether the broker kept the evidence or not."""
    world.see(MUCH)
    world.go_on(2)
    world.learning.close()
    world.learning = world.leader()
    world.see(100, bad=100)
    world.go_on(YOUNG_S + PUBLISH_S + 1)
    assert world.begun == 2
    assert world.known()[1] == MUCH + 100


def test_evidence_of_short_lives_is_gathered(world: World) -> None:
    """Each broker loses what it was told, and the ledger hands it to the next, until there is enough."""
    for life in range(1, 6):
        world.see(MUCH // 4)
        world.go_on(3)
        world.learning.close()
        assert world.begun == (1 if life >= 4 else 0)
        world.lose_broker()
        world.learning = world.leader()
    world.go_on(2)
    assert world.known()[1] == MUCH
    kept = json.loads(world.journal.texts["unlearned evidence"])
    assert len(kept["records"]) == MUCH // 4


def test_what_waits_to_be_learned_from_has_a_limit(world: World) -> None:
    """The latest is kept."""
    world.learning = Learning(lambda: world.store, world.journal, world.clock, make_loop=_missing)
    world.see(MOST + 100)
    world.go_on(2)
    world.learning.close()
    assert len(json.loads(world.journal.texts["unlearned evidence"])["records"]) == MOST


def test_without_river_it_is_told_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """And what was learned elsewhere is published all the same."""
    world.see(MUCH, bad=50)
    world.go_on(2)
    world.learning.close()
    world.ledger.term += 1
    world.learning = Learning(lambda: world.store, world.journal, world.clock, make_loop=_missing)
    world.see(MUCH)
    caplog.set_level(logging.WARNING)
    world.go_on(200)
    assert sum("dtf[learn]" in record.getMessage() for record in caplog.records) == 1
    assert world.known() == (0.1, MUCH)


def _missing(store: BreakerStore, snapshots: Snapshots) -> LearningLoop:
    del store, snapshots
    raise MissingRiverError


def test_a_store_that_is_away_is_waited_for(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """One line says so, and then it goes on."""
    caplog.set_level(logging.WARNING)
    away = True

    def open_store() -> MemoryStore:
        if away:
            raise StoreUnavailableError
        return world.store

    world.learning = Learning(open_store, world.journal, world.clock, make_loop=world.make)
    world.see(MUCH)
    world.go_on(20)
    away = False
    world.go_on(10)
    assert world.known()[1] == MUCH
    assert sum("does not answer" in record.getMessage() for record in caplog.records) == 1


def test_a_leader_whose_term_is_over_keeps_nothing(world: World) -> None:
    """What the next one knows is not overwritten."""
    world.see(MUCH)
    world.go_on(2)
    world.ledger.term += 1
    with pytest.raises(TermOverError):
        world.learning.close()
    assert world.journal.texts == {}


@pytest.mark.parametrize("text", ["{", "[]", '{"records": 3, "after": 1}', '{"format": 9}', "null"])
def test_what_cannot_be_read_is_learned_anew(world: World, text: str) -> None:
    """Whatever stands in the ledger, the leader leads."""
    for key in ("unlearned evidence", "learner", "learned values"):
        world.journal.texts[key] = text
    world.see(MUCH)
    world.go_on(2)
    assert world.known()[1] == MUCH


def test_another_learner_is_not_overwritten(world: World) -> None:
    """What it publishes stands, and when it is gone for long what is known is published again."""
    world.see(MUCH, bad=50)
    world.go_on(2)
    world.learning.close()
    world.learning = world.leader()
    world.go_on(3)
    other = Learned(version=99, at=world.clock.now() + 1, targets={str(GPU): LearnedTarget(base_rate=0.2, evidence=7)})
    world.store.publish(other)
    world.go_on(60)
    assert world.known() == (0.2, 7)
    world.go_on(120)
    assert world.known() == (0.1, MUCH)
