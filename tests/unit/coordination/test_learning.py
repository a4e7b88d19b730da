import json
import logging

import pytest

from dtf.breakers.errors import StoreUnavailableError
from dtf.breakers.learning_loop import LearningLoop, MissingRiverError, Snapshots
from dtf.breakers.memory_store import MemoryStore
from dtf.breakers.store import BreakerStore
from dtf.coordination.learning import MUCH, PUBLISH_S, YOUNG_S, Learning
from dtf.coordination.unlearned import MOST
from dtf.domain.errors import TermOverError
from dtf.domain.learned import Learned, LearnedTarget
from tests.support.learning_world import GPU, World


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
