from dataclasses import replace
from typing import Any

from dtf.analysis.sampled import FRESH_S
from dtf.analysis.service import COORDINATOR_SILENT_S
from dtf.dashboard.live.facts.coordinators import coordinators
from dtf.dashboard.live.facts.resources import resources
from dtf.dashboard.live.seen import Seen
from dtf.domain.events import Event, EventKind
from dtf.domain.ports.monitor import CoordinatorView, Totals
from dtf.domain.ports.views import LeaderView
from dtf.domain.worker import Device, WorkerState
from tests.support.moments import NOW, moment, worker


def _seen(**values: Any) -> Seen:
    return Seen(moment=moment(**values), runs_cluster=True, place="here")


def _coordinator(holder: str, seen_at: float = NOW) -> CoordinatorView:
    return CoordinatorView(holder=holder, host="lab1", pid=7, started_at=NOW - 100, seen_at=seen_at)


def _handover(sequence: int, **data: object) -> Event:
    return Event(sequence=sequence, at=NOW, kind=EventKind.COORDINATOR_CHANGED, subject="c", run_id="", data=dict(data))


def test_each_coordinator_leads_stands_by_or_is_silent() -> None:
    """Who leads is the lease's word; of the others it is when they were heard."""
    leader = LeaderView(holder="a", term=3, expires_in_s=8.0, expires_at=NOW + 8)
    there = (_coordinator("a"), _coordinator("b", NOW - 2), _coordinator("c", NOW - COORDINATOR_SILENT_S - 1))

    told = coordinators(_seen(leader=leader, coordinators=there))

    assert {name: one["state"] for name, one in told["coordinators"].items()} == {
        "a": "leader",
        "b": "standby",
        "c": "silent",
    }
    assert (told["leader"], told["term"], told["expires_at"], told["standbys"]) == ("a", 3, NOW + 8, 1)


def test_the_same_moment_later_tells_the_same() -> None:
    """Nothing in it changes by itself: pages count down."""
    seen = _seen(
        leader=LeaderView(holder="a", term=3, expires_in_s=8.0, expires_at=NOW + 8), coordinators=(_coordinator("a"),)
    )
    later = replace(seen.moment, as_of=NOW + 3, leader=replace(seen.moment.leader, expires_in_s=5.0))

    assert coordinators(seen) == coordinators(replace(seen, moment=later))


def test_where_nobody_leads_it_is_known_since_when() -> None:
    """No leader is told, but the end of the last lease; where nobody ever led there is not even that."""
    ended = coordinators(_seen(leader=LeaderView(holder="", term=3, expires_in_s=0.0, expires_at=NOW - 60)))
    assert "leader" not in ended
    assert (ended["term"], ended["expires_at"]) == (3, NOW - 60)
    never = coordinators(_seen(leader=LeaderView(holder="", term=0, expires_in_s=0.0)))
    assert not {"leader", "expires_at"} & never.keys()


def test_handovers_say_how_long_nobody_led_where_it_is_known() -> None:
    """The newest first; one whose data are of another shape is told as far as it goes."""
    events = (
        _handover(3, term=1, previous=""),
        _handover(5, term=2, previous="a", vacant_s=1.25),
        _handover(9, term="x", vacant_s=None),
    )

    told = coordinators(_seen(handovers=events))

    assert told["order"] == ["9", "5", "3"]
    assert told["handovers"] == {
        "3": {"at": NOW, "leader": "c", "term": 1},
        "5": {"at": NOW, "leader": "c", "term": 2, "vacant_s": 1.25, "lost": "a"},
        "9": {"at": NOW, "leader": "c"},
    }


def test_what_is_in_use_now() -> None:
    """Workers with their hosts' load, queues with what is in them, slots and jobs in all."""
    here = [worker("a", cpu_percent=30.0, busy_slots=2), worker("gone", state=WorkerState.OFFLINE)]

    told = resources(
        _seen(workers=here, backlog={"cuda": {"queued": 3}}, totals=Totals(jobs_waiting=4, jobs_running=1))
    )

    assert told["workers"] == {
        "id-a": {
            "name": "a",
            "host": "lab1",
            "slots": 2,
            "cpu_count": 1,
            "memory_bytes": 0,
            "heard": True,
            "cpu": 30.0,
            "memory": 2.0,
            "busy_slots": 2,
        }
    }
    assert told["queues"] == {"cpu": {"queued": 0, "claimed": 0}, "cuda": {"queued": 3, "claimed": 0}}
    assert (told["slots"], told["busy_slots"], told["jobs_waiting"], told["jobs_running"]) == (2, 2, 4, 1)
    assert told["devices"] == {}


def test_of_a_silent_worker_nothing_is_known() -> None:
    """What it reported last is not how it is now; the slots that it has are known."""
    told = resources(_seen(workers=[worker("a", seen_at=NOW - FRESH_S - 1)]))
    assert not {"cpu", "memory", "busy_slots"} & told["workers"]["id-a"].keys()
    assert told["slots"] == 2
    assert "busy_slots" not in told


def test_devices_have_the_figures_that_can_be_had() -> None:
    """A GPU with its memory in all; what no probe gives is missing, and what has no figures at all."""
    gpu = Device(kind="cuda", name="H100", uuid="GPU-1", details={"memory_bytes": 80})
    told = resources(
        _seen(
            workers=[
                worker("a", gpu, Device(kind="cpu", name="x", uuid="f"), devices={"GPU-1": {"temperature_c": 61.0}})
            ]
        )
    )
    assert told["devices"] == {
        "GPU-1": {"name": "H100", "kind": "cuda", "worker": "a", "memory_bytes": 80, "temperature_c": 61.0}
    }
