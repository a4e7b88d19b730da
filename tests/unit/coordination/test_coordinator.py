import logging
import threading
from collections.abc import Sequence

import pytest

from dtf.domain.manifest import Manifest
from dtf.domain.outcome import Outcome
from dtf.domain.ports.control import JobToPlan, LostAttempt, Term
from dtf.domain.shard import AttemptResult, Finish, Requeue, ShardPlan
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import JobSpec
from dtf.domain.work import Isolation, PytestWork
from tests.support.suites import suite
from tests.support.waiting import waiting_shard
from tests.unit.coordination.conftest import World


def _to_plan(job_id: str, manifest: Manifest, isolation: Isolation = Isolation.SLOT) -> JobToPlan:
    source = Source(kind=SourceKind.PATH, location="/suite")
    job = JobSpec(name="suite", work=PytestWork(isolation=isolation), source=source)
    return JobToPlan(job_id=job_id, job=job, manifest=manifest, slots=2)


def _lost(crashes: int) -> LostAttempt:
    result = AttemptResult(shard_id="s1", attempt=crashes + 1, worker_id="w1", slot=0, outcome=Outcome.INFRA)
    return LostAttempt(result=result, crashes=crashes, max_retries=3)


def test_a_collected_suite_is_planned_at_the_next_tick(world: World) -> None:
    """Every test of the manifest is in the stored plan."""
    world.control.to_plan = [_to_plan("j1", suite([("a.py", 30), ("b.py", 5)]))]

    world.coordinator().step()

    assert sorted(ordinal for shard in world.control.plans["j1"] for ordinal in shard.ordinals) == list(range(35))


def test_the_plan_heeds_the_isolation_of_the_job(world: World) -> None:
    """With module isolation two small modules are two shards."""
    world.control.to_plan = [_to_plan("j1", suite([("a.py", 1), ("b.py", 1)]), Isolation.MODULE)]

    world.coordinator().step()

    assert {shard.affinity for shard in world.control.plans["j1"]} == {"a.py", "b.py"}


def test_an_empty_suite_gets_an_empty_plan(world: World) -> None:
    """The ledger makes EMPTY of it; it does not wait for ever."""
    world.control.to_plan = [_to_plan("j1", Manifest(items=()))]

    world.coordinator().step()

    assert world.control.plans == {"j1": ()}


def test_a_lost_attempt_goes_out_again_and_at_last_ends(world: World) -> None:
    """The reaper asks recovery: a first loss is requeued, one after three retries is final."""
    world.control.lost = [_lost(0), _lost(3)]

    world.coordinator().step()

    assert [type(decision) for _, decision in world.control.expired] == [Requeue, Finish]


def test_a_standby_takes_over_within_twelve_seconds_of_a_freeze(world: World) -> None:
    """The frozen leader does not step any more; shards that come then are hinted by the standby."""
    leader, standby = world.coordinator("c1"), world.coordinator("c2")
    world.control.capacity = {"cpu": 2}
    world.play(30.0, leader, standby)
    assert world.ledger.holder == "c1"
    world.control.queue([waiting_shard("s1")])

    world.play(12.0, standby)

    assert world.hints.sent == ["s1"]
    assert world.ledger.term == 2


def test_a_frozen_leader_that_wakes_writes_nothing(world: World) -> None:
    """Also when it wakes between the look at its lease and its write: the ledger refuses, it stands by."""
    leader, standby = world.coordinator("c1"), world.coordinator("c2")
    world.play(1.0, leader, standby)
    world.play(12.0, standby)
    world.control.calls.clear()

    world.play(5.0, leader)

    assert world.control.calls == []
    assert world.ledger.holder == "c2"


def test_a_term_that_ends_in_the_middle_of_a_step_ends_the_step(world: World) -> None:
    """The first refused write stops the other loops too, and nothing is hinted."""
    leader = world.coordinator("c1")
    leader.step()
    world.control.to_plan = [_to_plan("j1", suite([("a.py", 3)]))]
    world.control.queue([waiting_shard("s1")])
    world.control.capacity = {"cpu": 2}
    world.ledger.term += 1
    world.control.calls.clear()

    leader.step()
    leader.dispatch()

    assert world.control.calls == ["jobs_to_plan", "store_plan"]
    assert world.control.plans == {}
    assert world.hints.sent == []


def test_a_stopped_leader_gives_its_lease_back(world: World) -> None:
    """The standby leads at its next look."""
    stop = threading.Event()
    leader, standby = world.coordinator("c1"), world.coordinator("c2")
    leader.step()
    stop.set()

    leader.run(stop)

    world.play(1.0, standby)
    assert world.ledger.holder == "c2"


def test_a_stop_is_heard_between_two_loops(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow planner delays the end by itself only; what comes after it is left."""
    stop = threading.Event()

    def jobs_to_plan() -> list[JobToPlan]:
        stop.set()
        return []

    monkeypatch.setattr(world.control, "jobs_to_plan", jobs_to_plan)

    world.coordinator().run(stop)

    assert "lost_attempts" not in world.control.calls
    assert world.ledger.holder == ""


def test_an_outage_of_the_database_is_said_once_and_outlived(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Five minutes without a database: one line when it goes, one when it is back, and the work goes on."""
    coordinator = world.coordinator()
    world.play(1.0, coordinator)
    world.ledger.up = False
    caplog.clear()

    with caplog.at_level(logging.INFO):
        world.play(300.0, coordinator)
        world.ledger.up = True
        world.control.capacity = {"cpu": 1}
        world.control.queue([waiting_shard("s1")])
        world.play(6.0, coordinator)

    messages = [record.getMessage() for record in caplog.records]
    assert sum("does not answer" in message for message in messages) == 1
    assert sum("database is back" in message for message in messages) == 1
    assert world.hints.sent == ["s1"]


def test_an_outage_of_the_database_does_not_make_the_loops_spin(world: World) -> None:
    """A minute of outage costs some tens of tries, not hundreds."""
    coordinator = world.coordinator()
    world.play(1.0, coordinator)
    world.ledger.up = False
    world.control.calls.clear()
    asked = world.leadership.asked

    world.play(60.0, coordinator)

    assert len(world.control.calls) < 20
    assert world.leadership.asked - asked < 70


def test_an_outage_of_the_broker_stops_only_the_hints(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Lost attempts are reaped meanwhile, the broker is asked ever less often, and the hints go out when it is back."""
    coordinator = world.coordinator()
    world.control.capacity = {"cpu": 1}
    world.control.queue([waiting_shard("s1")])
    world.hints.up = False

    world.play(5.0, coordinator)
    world.control.lost = [_lost(0)]
    world.play(60.0, coordinator)
    tries = world.hints.tries
    world.hints.up = True
    world.play(6.0, coordinator)

    assert len(world.control.expired) == 1
    assert tries < 30
    assert world.hints.sent == ["s1"]
    assert sum("message broker does not answer" in record.getMessage() for record in caplog.records) == 1


def test_a_defect_in_one_loop_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged with its traceback, tried again ever less often, and the dispatcher goes on."""
    world.control.capacity = {"cpu": 1}
    world.control.queue([waiting_shard("s1")])
    failures = []

    def jobs_to_plan() -> list[JobToPlan]:
        failures.append(1)
        raise ZeroDivisionError

    monkeypatch.setattr(world.control, "jobs_to_plan", jobs_to_plan)

    world.play(60.0, world.coordinator())

    assert world.hints.sent[0] == "s1"
    assert 2 < len(failures) < 10
    assert any(record.exc_info for record in caplog.records)


def test_a_job_that_cannot_be_planned_does_not_keep_others_from_it(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The bad one is logged and tried again after a rest; the one behind it is planned at once."""
    world.control.to_plan = [_to_plan("bad", suite([("a.py", 3)])), _to_plan("good", suite([("a.py", 3)]))]
    store, tries = world.control.store_plan, []

    def store_plan(term: Term, job_id: str, shards: Sequence[ShardPlan]) -> None:
        if job_id == "bad":
            tries.append(job_id)
            raise ValueError("refused")
        store(term, job_id, shards)

    monkeypatch.setattr(world.control, "store_plan", store_plan)
    coordinator = world.coordinator()
    world.play(1.0, coordinator)
    assert list(world.control.plans) == ["good"]

    world.play(60.0, coordinator)

    assert 2 <= len(tries) <= 3
    assert "planning job bad" in caplog.text


def test_a_slow_loop_does_not_cost_the_leadership(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two loops of 6 s each: the lease of 10 s is renewed in between."""

    def slow(*_: object) -> tuple[()]:
        world.clock.advance(6.0)
        return ()

    monkeypatch.setattr(world.control, "lost_attempts", slow)
    monkeypatch.setattr(world.control, "pending_events", slow)

    world.play(120.0, world.coordinator())

    assert world.ledger.term == 1


def test_an_idle_leader_reads_little(world: World) -> None:
    """A second with nothing to do is at most 25 statements."""
    coordinator = world.coordinator()
    world.play(10.0, coordinator)
    world.control.calls.clear()

    world.play(10.0, coordinator)

    assert len(world.control.calls) <= 250
