import json
from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dtf.dashboard.live.facts.network import network
from dtf.dashboard.live.facts.network_nodes import GONE_S
from dtf.dashboard.live.seen import Seen
from dtf.domain.ports.monitor import ClaimView, CoordinatorView
from dtf.domain.ports.views import LeaderView, WorkerView
from dtf.domain.slot import Slot
from dtf.domain.worker import Device, DeviceState, WorkerState
from tests.support.moments import NOW, moment, worker
from tests.support.nulls import has_null

_GROUPS = {"coordinator", "broker", "database", "worker", "device", "browser"}
_FOX = Device(kind="webgpu", name="Firefox", uuid="same", details={"browser": "firefox"})
_CPU = Device(kind="cpu", name="CPU", uuid="same")


def _seen(**values: Any) -> Seen:
    about: dict[str, Any] = {"runs_cluster": True, "place": "/s", "breakers": ()}
    about |= {name: values.pop(name) for name in ("runs_cluster", "breaker_problem", "breakers") if name in values}
    return Seen(moment=moment(**values), **about)


def _claim(view: WorkerView, slot: int) -> ClaimView:
    return ClaimView(
        shard_id=f"s{slot}",
        attempt=1,
        job_id="j",
        run_id="r",
        name="n",
        queue="cpu",
        worker_id=view.info.worker_id,
        slot=slot,
        claimed_at=NOW,
    )


def _coordinator(holder: str, seen_at: float = NOW) -> CoordinatorView:
    return CoordinatorView(holder=holder, host="lab1", pid=1, started_at=NOW - 99, seen_at=seen_at)


_DEVICES = st.builds(
    Device,
    kind=st.sampled_from(("cpu", "cuda", "webgpu", "webnn")),
    name=st.text(max_size=4),
    uuid=st.sampled_from("AB"),
    state=st.sampled_from(DeviceState),
)


@st.composite
def _laboratories(draw: st.DrawFn) -> Seen:
    views, claims = [], []
    for at in range(draw(st.integers(0, 4))):
        devices = draw(st.lists(_DEVICES, max_size=3))
        state, ago = draw(st.sampled_from(WorkerState)), draw(st.sampled_from((0.0, 40.0, 2 * GONE_S)))
        # a worker that was started again has the name of the one before
        view = worker(draw(st.sampled_from("ab")), *devices, state=state, seen_at=NOW - ago)
        slots = tuple(Slot(number=n, tags=("cpu",)) for n in range(draw(st.integers(0, 2))))
        view = replace(view, info=replace(view.info, worker_id=f"w{at}", slot_table=slots, slots=len(slots)))
        views.append(view)
        claims += [_claim(view, slot.number) for slot in slots if draw(st.booleans())]
    holders = draw(st.lists(st.text(min_size=1, max_size=4), max_size=3, unique=True))
    leader = LeaderView(holder=draw(st.sampled_from(["", *holders])), term=2, expires_in_s=5)
    backlog = {"cpu": {"queued": draw(st.integers(0, 9)), "claimed": len(claims)}}
    return _seen(
        workers=views,
        claims=claims,
        backlog=backlog,
        coordinators=[_coordinator(holder) for holder in holders],
        leader=leader,
        runs_cluster=draw(st.booleans()),
    )


@given(_laboratories())
def test_everybody_who_is_there_is_on_the_map_once(seen: Seen) -> None:
    """Each coordinator, each worker that is there with each of its devices; links are between those on the map."""
    value = network(seen)
    nodes, groups = value["nodes"], Counter(node["group"] for node in value["nodes"].values())
    there = [one for one in seen.moment.workers if one.state is not WorkerState.OFFLINE]
    assert set(groups) <= _GROUPS
    assert (groups["broker"], groups["database"]) == (1, 1)
    assert groups["coordinator"] == len(seen.moment.coordinators)
    assert {f"worker:{one.info.worker_id}" for one in there} <= set(nodes)
    assert groups["device"] + groups["browser"] == sum(len(one.info.devices) for one in there)
    assert all(node["id"] == name and node["status"] for name, node in nodes.items())
    for name, link in value["links"].items():
        assert name == f"{link['source']} {link['target']}"
        assert {link["source"], link["target"]} <= set(nodes)
        assert link["value"] >= 0
    assert not has_null(value)
    json.dumps(value, allow_nan=False)


def test_what_flows_is_what_is_claimed() -> None:
    """Between a worker and the others; the leader looks after all that is not finished, who stands by after nothing."""
    view = worker("a", _CPU)
    value = network(
        _seen(
            workers=[view],
            claims=[_claim(view, 0), _claim(view, 1)],
            backlog={"cpu": {"queued": 5, "claimed": 2}},
            coordinators=[_coordinator("one"), _coordinator("two")],
            leader=LeaderView(holder="two", term=7, expires_in_s=5),
        )
    )
    told = {name: link["value"] for name, link in value["links"].items()}
    assert told == {
        "coordinator:one database": 0,
        "coordinator:two database": 7,
        "coordinator:two broker": 5,
        "worker:id-a database": 2,
        "broker worker:id-a": 2,
        "worker:id-a device:id-a:0": 2,
    }
    nodes = value["nodes"]
    assert (nodes["worker:id-a"]["busy_slots"], nodes["worker:id-a"]["slots"]) == (2, 2)
    assert (nodes["database"]["queued"], nodes["database"]["claimed"]) == (5, 2)
    assert [nodes[f"coordinator:{name}"]["status"] for name in ("one", "two")] == ["standby", "leader"]
    assert nodes["coordinator:two"]["term"] == 7


def test_devices_that_are_alike_are_apart() -> None:
    """Two hosts may name theirs alike; browsers' adapters are a group of their own, with what they are."""
    value = network(_seen(workers=[worker("a", _CPU, _FOX), worker("b", _CPU, _FOX)]))
    devices = {name: node["group"] for name, node in value["nodes"].items() if name.startswith("device:")}
    assert devices == {
        "device:id-a:0": "device",
        "device:id-a:1": "browser",
        "device:id-b:0": "device",
        "device:id-b:1": "browser",
    }


def test_who_is_not_heard_talks_to_nobody() -> None:
    """A silent worker is there without links but to its devices; who has gone stays a while, unless it came back."""
    silent, gone = worker("a", seen_at=NOW - 40), worker("b", state=WorkerState.OFFLINE, seen_at=NOW - 60)
    value = network(_seen(workers=[silent, gone], coordinators=[_coordinator("c", NOW - 40)]))
    assert value["nodes"]["worker:id-a"]["status"] == "silent"
    assert value["nodes"]["worker:id-b"]["status"] == "offline"
    assert value["nodes"]["coordinator:c"]["status"] == "silent"
    assert value["links"] == {}
    back = replace(worker("b"), info=replace(worker("b").info, worker_id="new"))
    assert "worker:id-b" not in network(_seen(workers=[back, gone]))["nodes"]
    assert "worker:id-b" not in network(_seen(workers=[replace(gone, seen_at=NOW - GONE_S - 1)]))["nodes"]


def test_a_broker_that_is_not_there_or_does_not_answer() -> None:
    """It is told which of the two; without one nobody talks to it."""
    view = worker("a")
    away = network(_seen(workers=[view], runs_cluster=False))
    assert away["nodes"]["broker"]["status"] == "absent"
    assert not [name for name in away["links"] if "broker" in name]
    mute = network(_seen(workers=[view], breakers=None, breaker_problem="no answer"))["nodes"]["broker"]
    assert (mute["status"], mute["troubles"]) == ("silent", ["no answer"])
