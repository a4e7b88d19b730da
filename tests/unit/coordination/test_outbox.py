import pytest

from dtf.coordination.outbox import MOST_TRIES
from dtf.domain.events import Event, EventKind
from tests.unit.coordination.conftest import World


def _events(count: int) -> list[Event]:
    return [Event(sequence=number, at=0.0, kind=EventKind.RUN_FINISHED, subject="r1") for number in range(count)]


def test_events_are_told_in_order_and_once(world: World) -> None:
    """A healthy notifier hears each event one time."""
    world.control.events = _events(5)

    world.play(5.0, world.coordinator())

    assert world.heard == [0, 1, 2, 3, 4]
    assert world.control.events == []


def test_a_failing_event_holds_the_later_ones_back_until_it_is_told(world: World) -> None:
    """Order holds over a notifier that fails twice."""
    world.control.events = _events(3)
    failures = [1, 1]

    def notify(event: Event) -> None:
        if event.sequence == 1 and failures:
            failures.pop()
            raise ValueError
        world.notify(event)

    world.play(10.0, world.coordinator(notify=notify))

    assert world.heard == [0, 1, 2]


def test_an_event_that_always_fails_is_given_up_and_said_so(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """It does not block the outbox for ever."""
    world.control.events = _events(3)
    tries = []

    def notify(event: Event) -> None:
        if event.sequence == 1:
            tries.append(event)
            raise ValueError
        world.notify(event)

    world.play(30.0, world.coordinator(notify=notify))

    assert world.heard == [0, 2]
    assert len(tries) == MOST_TRIES
    assert sum("given up" in record.getMessage() for record in caplog.records) == 1


def test_an_event_is_told_again_when_its_delivery_could_not_be_noted(world: World) -> None:
    """At least once: the database went down between the telling and the note."""
    world.control.events = _events(1)

    def notify(event: Event) -> None:
        world.notify(event)
        world.ledger.up = len(world.heard) > 1

    coordinator = world.coordinator(notify=notify)
    world.play(1.0, coordinator)
    world.ledger.up = True
    world.play(10.0, coordinator)

    assert world.heard == [0, 0]
    assert world.control.events == []


def test_a_slow_notifier_lets_the_other_loops_work(world: World) -> None:
    """A second of telling at a time: the lease holds although there are 30 s of it."""
    world.control.events = _events(100)

    def notify(event: Event) -> None:
        world.clock.advance(0.3)
        world.notify(event)

    world.play(60.0, world.coordinator(notify=notify))

    assert world.heard == list(range(100))
    assert world.ledger.term == 1
