import pytest

from dtf.coordination.lease import Lease
from dtf.coordination.outage import Outage
from dtf.domain.ports.control import Presence
from tests.support.fake_clock import FakeClock
from tests.support.memory_control import MemoryLeadership, MemoryLedger


@pytest.fixture
def clock() -> FakeClock:
    """The clock of coordinators and database."""
    return FakeClock()


@pytest.fixture
def leadership(clock: FakeClock) -> MemoryLeadership:
    """The one lease row."""
    return MemoryLeadership(MemoryLedger(clock))


def _lease(leadership: MemoryLeadership, clock: FakeClock, holder: str = "c1") -> Lease:
    database = Outage("The database", "", clock)
    return Lease(leadership, holder=holder, lease_s=9.0, standby_s=1.0, clock=clock, database=database)


def test_the_first_one_to_ask_leads_and_the_other_stands_by(leadership: MemoryLeadership, clock: FakeClock) -> None:
    """One leader at a time."""
    first, second = _lease(leadership, clock, "c1"), _lease(leadership, clock, "c2")

    term = first.keep()

    assert term is not None
    assert term.number == 1
    assert second.keep() is None


def test_the_lease_is_renewed_each_third_of_its_time(leadership: MemoryLeadership, clock: FakeClock) -> None:
    """37 ticks over 9 s bother the database once, and three times for renewals."""
    lease = _lease(leadership, clock)

    for _ in range(37):
        assert lease.keep() is not None
        clock.advance(0.25)

    assert leadership.asked == 4


def test_a_leader_that_cannot_renew_stops_after_two_thirds(leadership: MemoryLeadership, clock: FakeClock) -> None:
    """Its own clock tells it to be quiet before another one can lead."""
    lease = _lease(leadership, clock)
    lease.keep()
    leadership.ledger.up = False

    clock.advance(5.9)
    assert lease.keep() is not None
    clock.advance(0.2)

    assert lease.keep() is None
    assert leadership.ledger.expires_at > clock.now()


def test_a_frozen_leader_that_wakes_does_not_believe_in_its_term(
    leadership: MemoryLeadership, clock: FakeClock
) -> None:
    """After a pause of any length the term is asked for anew; here another one leads."""
    frozen, other = _lease(leadership, clock, "c1"), _lease(leadership, clock, "c2")
    frozen.keep()
    clock.advance(9.1)
    assert other.keep() is not None

    assert frozen.term is None
    assert frozen.keep() is None


def test_a_released_lease_is_free_at_once(leadership: MemoryLeadership, clock: FakeClock) -> None:
    """A clean stop costs no failover time; the new term has a new number."""
    first, second = _lease(leadership, clock, "c1"), _lease(leadership, clock, "c2")
    first.keep()

    first.release()

    term = second.keep()
    assert term is not None
    assert term.number == 2


def test_a_release_while_the_database_is_down_does_not_raise(leadership: MemoryLeadership, clock: FakeClock) -> None:
    """The lease runs out by itself."""
    lease = _lease(leadership, clock)
    lease.keep()
    leadership.ledger.up = False

    lease.release()

    assert lease.term is None


def test_a_standby_asks_once_a_second(leadership: MemoryLeadership, clock: FakeClock) -> None:
    """Not at every tick."""
    _lease(leadership, clock, "c1").keep()
    standby = _lease(leadership, clock, "c2")
    before = leadership.asked

    for _ in range(40):
        standby.keep()
        clock.advance(0.1)

    assert leadership.asked - before == 4


def test_leader_and_standby_tell_that_they_live_until_they_end(leadership: MemoryLeadership, clock: FakeClock) -> None:
    """Each is known with its place while it keeps or tries for the lease, and no longer once it has ended."""
    places = {"c1": Presence(host="h1", pid=1), "c2": Presence(host="h2", pid=2)}
    leases = [
        Lease(
            leadership,
            holder=holder,
            lease_s=9.0,
            standby_s=1.0,
            clock=clock,
            database=Outage("The database", "", clock),
            presence=place,
        )
        for holder, place in places.items()
    ]
    assert [lease.keep() is not None for lease in leases] == [True, False]
    assert leadership.present == places

    leases[1].release()
    assert list(leadership.present) == ["c1"]
    leases[0].release()
    assert leadership.present == {}
