import logging
from typing import Any

import pytest

from dtf.breakers.learning_loop import LearningLoop, MissingRiverError, Snapshots
from dtf.breakers.store import BreakerStore
from dtf.coordination.learning import MUCH, PUBLISH_S, Learning
from tests.support.learning_world import World


@pytest.fixture
def world() -> World:
    """Nothing has happened yet."""
    return World()


def test_evidence_of_short_lives_is_learned_from_once(world: World) -> None:
    """Also where a leader died after it had told a new broker of it, and another one after it had learned from it."""
    world.see(MUCH // 4)
    world.go_on(3)
    world.learning.close()
    world.lose_broker()
    for seconds, ends_well in ((3, False), (3, True), (120, False), (120, False)):
        world.learning = world.leader()
        world.go_on(seconds)
        if ends_well:
            world.learning.close()
        if ends_well or seconds == 120:
            world.lose_broker()
    world.see(MUCH)
    world.learning = world.leader()
    world.go_on(3)
    assert world.known()[1] == MUCH // 4 + MUCH


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


def test_without_river_another_learner_gets_its_turn(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The lease is free for who has River, one line is told, and what was learned stays fresh."""
    world.see(MUCH, bad=50)
    world.go_on(2)
    world.learning.close()
    world.ledger.term += 1
    lease = Lease()
    world.learning = Learning(
        lambda: world.store,
        world.journal,
        world.clock,
        make_loop=lambda store, snapshots: LearningLoop(store, snapshots, lease=lease, make_learner=_no_river),
    )
    world.see(MUCH)
    caplog.set_level(logging.WARNING)
    world.go_on(200)
    assert sum("dtf[learn]" in record.getMessage() for record in caplog.records) == 1
    assert (lease.held, lease.taken) == (False, 1)
    learned = world.store.learned()
    assert learned is not None
    assert world.clock.now() - learned.at <= PUBLISH_S + 1


class Lease:
    """A lease that nobody else wants.

    Attributes:
        held: Whether it is held.
        taken: How often it was taken or renewed.
    """

    def __init__(self) -> None:
        self.held = False
        self.taken = 0

    def hold(self) -> bool:
        """Take it."""
        self.held = True
        self.taken += 1
        return True

    def let_go(self) -> None:
        """Give it back."""
        self.held = False


def _no_river() -> Any:
    raise MissingRiverError


def _missing(store: BreakerStore, snapshots: Snapshots) -> LearningLoop:
    del store, snapshots
    raise MissingRiverError
