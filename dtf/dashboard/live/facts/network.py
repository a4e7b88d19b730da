"""The laboratory as a map: who there is, how each stands, and what flows between them."""

from collections.abc import Iterator, Mapping
from typing import Any

from dtf.dashboard.live.facts.network_nodes import BROKER, DATABASE, Node, network_nodes
from dtf.dashboard.live.seen import Seen


def network(seen: Seen) -> dict[str, Any]:
    """nodes by id, each with its id, group and status; and links by ``source target``, with source, target and value.

    Groups are coordinator, broker, database, worker, device and browser. A link's value is how many shards are on it
    now: those that a worker runs, those that a device is busy with, and for who leads all that are not finished.
    """
    nodes = {node["id"]: node for node in network_nodes(seen)}
    links = {
        f"{source} {target}": {"source": source, "target": target, "value": value}
        for source, target, value in _links(nodes)
    }
    return {"nodes": nodes, "links": links}


def _links(nodes: Mapping[str, Node]) -> Iterator[tuple[str, str, int]]:
    """Who talks to whom: all to the database, who leads and the workers to the broker, and workers to their devices.

    Who stands by tries for the lease in the database alone; who has gone, or is not heard, talks to nobody.
    """
    database = nodes[DATABASE]
    unfinished = database["queued"] + database["claimed"]
    has_broker = nodes[BROKER]["status"] != "absent"
    for name, node in nodes.items():
        group, status = node["group"], node["status"]
        if group == "coordinator" and status != "silent":
            yield name, DATABASE, unfinished if status == "leader" else 0
            if status == "leader" and has_broker:
                yield name, BROKER, database["queued"]
        elif group == "worker" and status in ("online", "draining"):
            yield name, DATABASE, node["busy_slots"]
            if has_broker:
                yield BROKER, name, node["busy_slots"]
        elif group in ("device", "browser"):
            yield f"worker:{node['worker_id']}", name, node["busy_slots"]
