"""Who is on the map of the laboratory, and how each of them stands."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from dtf.analysis.service import SILENT_S
from dtf.analysis.worker_health import check
from dtf.dashboard.live.facts.coordinators import coordinators
from dtf.dashboard.live.facts.hardware import hardware
from dtf.dashboard.live.facts.refusing import refusing
from dtf.dashboard.live.facts.text import NAME, capped
from dtf.dashboard.live.seen import Seen
from dtf.domain.breaker import Target
from dtf.domain.ports.views import WorkerView
from dtf.domain.shard import ShardState
from dtf.domain.worker import WorkerState

#: A worker or a coordinator that has gone stays on the map for so long, in seconds, unless it came back by its name.
GONE_S: Final = 900.0

#: There is one of each.
BROKER: Final = "broker"
DATABASE: Final = "database"

#: The kinds of devices that are browsers' adapters.
_BROWSERS: Final = frozenset(("webgpu", "webnn"))

Node = dict[str, Any]


def network_nodes(seen: Seen) -> Iterator[Node]:
    """All of them; an id is of one alone, on whatever host, and stays as long as it is there."""
    yield _broker(seen)
    yield _database(seen)
    yield from _coordinators(seen)
    yield from _workers(seen)
    for key, row in hardware(seen)["devices"].items():
        yield _device(key, row)


def _broker(seen: Seen) -> Node:
    """It keeps the breakers too: where they are had, it answers; where breakers are off, it is not asked."""
    node: Node = {"id": BROKER, "group": "broker", "name": "broker", "status": "online"}
    if not seen.runs_cluster:
        node["status"] = "absent"
    elif seen.breaker_problem:
        node |= {"status": "silent", "troubles": [capped(seen.breaker_problem)]}
    return node


def _database(seen: Seen) -> Node:
    """It answers: nothing could be seen otherwise."""
    counts = {state: sum(of.get(state, 0) for of in seen.moment.backlog.values()) for state in ShardState}
    shards = {"queued": counts[ShardState.QUEUED], "claimed": counts[ShardState.CLAIMED]}
    return {"id": DATABASE, "group": "database", "name": "database", "status": "online", **shards}


def _coordinators(seen: Seen) -> Iterator[Node]:
    moment = seen.moment
    for holder, one in coordinators(seen)["coordinators"].items():
        if one["state"] == "silent" and moment.as_of - one["seen_at"] > GONE_S:
            continue
        term = {"term": moment.leader.term} if one["state"] == "leader" else {}
        node = {"id": f"coordinator:{holder}", "group": "coordinator", "name": holder, "status": one["state"]}
        yield {**node, "host": one["host"], **term}


def _workers(seen: Seen) -> Iterator[Node]:
    moment, held = seen.moment, refusing(seen)
    claimed = Counter(claim.worker_id for claim in moment.claims)
    present = {worker.info.name for worker in moment.workers if worker.state is not WorkerState.OFFLINE}
    for worker in moment.workers:
        is_gone = worker.state is WorkerState.OFFLINE
        if is_gone and (worker.info.name in present or moment.as_of - worker.seen_at > GONE_S):
            continue
        yield _worker(worker, claimed[worker.info.worker_id], held, moment.as_of)


def _worker(worker: WorkerView, claimed: int, held: Mapping[Target, str], now: float) -> Node:
    info, checkup = worker.info, check(worker, held, now)
    is_silent = worker.state is not WorkerState.OFFLINE and now - worker.seen_at > SILENT_S
    return {
        "id": f"worker:{info.worker_id}",
        "group": "worker",
        "name": capped(info.name, NAME),
        "host": capped(info.host, NAME),
        "status": "silent" if is_silent else worker.state.value,
        "health": checkup.health.value,
        "troubles": [capped(trouble) for trouble in checkup.troubles],
        "worker_id": info.worker_id,
        "slots": info.slots,
        "busy_slots": claimed,
        "queues": list(info.queues),
    }


def _device(key: str, row: Mapping[str, Any]) -> Node:
    """A device as one worker has it, in the words of the hardware."""
    return {
        "id": f"device:{key}",
        "group": "browser" if row["kind"] in _BROWSERS else "device",
        "name": row["name"],
        "status": row["use"],
        "type": row["type"],
        "marks": row["marks"],
        "worker_id": row["worker_id"],
        "slots": row["slots"],
        "busy_slots": row["busy_slots"],
        "troubles": [
            *([row["reason"]] if "reason" in row else []),
            *(
                f"breaker of {capped(target, NAME)}: {one['state']}"
                for target, one in row["breakers"].items()
                if one["state"] != "closed"
            ),
        ],
    }
