import pytest

from dtf.coordination.reaper import BUDGET_S
from dtf.coordination.truce import LASTS_S
from dtf.domain.outcome import Outcome
from dtf.domain.ports.control import LostAttempt, Presence, Term
from dtf.domain.shard import AttemptResult, Disposition
from tests.unit.coordination.conftest import World


def _lost(name: str = "s1") -> LostAttempt:
    result = AttemptResult(shard_id=name, attempt=1, worker_id="w1", slot=0, outcome=Outcome.INFRA)
    return LostAttempt(result=result, crashes=0, max_retries=3)


class Led(World):
    """A world that a coordinator has led for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.leader = self.coordinator()
        self.go_on(30.0)
        self.control.calls.clear()

    def go_on(self, seconds: float) -> None:
        """Let the leader work for some time."""
        self.play(seconds, self.leader)

    def outage(self, seconds: float) -> None:
        """Let the database be away for some time."""
        self.ledger.up = False
        self.go_on(seconds)
        self.ledger.up = True


@pytest.fixture
def led() -> Led:
    """A world that is led."""
    return Led()


def test_after_an_outage_the_living_have_time_to_say_so(led: Led) -> None:
    """Leases that ran out while the database was away are not expired before the workers' next tries."""
    led.control.lost = [_lost()]
    led.outage(10.0)

    led.go_on(LASTS_S - 1.0)

    assert led.control.expired == []
    after = led.control.calls[-20:]
    assert "jobs_to_plan" in after
    assert "cancel_overdue" not in after


def test_after_that_the_dead_are_given_up(led: Led) -> None:
    """The truce ends by itself."""
    led.control.lost = [_lost()]
    led.outage(10.0)

    led.go_on(LASTS_S + 7.0)

    assert len(led.control.expired) == 1


def test_a_short_outage_is_no_silence(led: Led) -> None:
    """Two seconds without a database cost no lease, and delay nothing."""
    led.control.lost = [_lost()]
    led.outage(2.0)

    led.go_on(4.0)

    assert len(led.control.expired) == 1


def test_a_database_that_was_locked_counts_as_silent(led: Led, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frozen process held SQLite's one lock for 15 s: no error, and still nobody could renew."""
    acquire, waits = led.leadership.acquire, [15.0]

    def slow(holder: str, lease_s: float, presence: Presence | None = None) -> Term | None:
        if waits:
            led.clock.advance(waits.pop())
        return acquire(holder, lease_s, presence)

    monkeypatch.setattr(led.leadership, "acquire", slow)
    led.go_on(4.0)
    assert not waits
    led.control.lost = [_lost()]

    led.go_on(1.5)
    assert led.control.expired == []
    led.go_on(8.0)
    assert len(led.control.expired) == 1


def test_a_standby_that_takes_over_after_the_outage_waits_too(world: World) -> None:
    """It saw the outage as well."""
    leader, standby = world.coordinator("c1"), world.coordinator("c2")
    world.play(20.0, leader, standby)
    world.control.lost = [_lost()]
    world.ledger.up = False
    world.play(15.0, leader, standby)
    world.ledger.up = True

    world.play(3.0, standby)

    assert world.ledger.holder == "c2"
    assert world.control.expired == []
    world.play(10.0, standby)
    assert len(world.control.expired) == 1


def test_a_database_that_is_always_slow_does_not_keep_the_dead(led: Led, monkeypatch: pytest.MonkeyPatch) -> None:
    """With five seconds for each look the silence has no end; a lost attempt is settled all the same."""

    def slow(limit: int) -> tuple[()]:
        del limit
        led.clock.advance(5.0)
        return ()

    monkeypatch.setattr(led.control, "pending_events", slow)
    led.go_on(30.0)
    led.control.lost = [_lost()]

    led.go_on(30.0)

    assert len(led.control.expired) == 1


def test_many_lost_attempts_do_not_hold_the_other_loops_up(led: Led, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick of the reaper ends after about a second; the next one goes on."""
    expire = led.control.expire

    def slow(term: Term, lost: LostAttempt, disposition: Disposition) -> bool:
        led.clock.advance(0.3)
        return expire(term, lost, disposition)

    monkeypatch.setattr(led.control, "expire", slow)
    led.control.lost = [_lost(f"s{number}") for number in range(50)]

    led.clock.advance(1.0)
    led.leader.step()

    assert 0 < len(led.control.expired) <= BUDGET_S / 0.3 + 1
    led.go_on(60.0)
    assert len(led.control.expired) == 50


def test_what_is_dear_is_asked_seldom(led: Led) -> None:
    """Settling reads every open job: every 5 s. What is lost or late is looked for each second, shards each 0.2 s."""
    led.go_on(60.0)

    calls = led.control.calls
    assert 11 <= calls.count("settle") <= 13
    for name in ("cancel_overdue", "lose_workers", "lost_attempts"):
        assert 50 <= calls.count(name) <= 61
    assert calls.count("waiting") > 200
