"""Who coordinates: the leader with its term and lease, who stands by, and when another one took over."""

from typing import Any

from dtf.analysis.service import COORDINATOR_SILENT_S
from dtf.dashboard.live.facts.text import NAME, capped
from dtf.dashboard.live.seen import Seen
from dtf.domain.events import Event
from dtf.domain.ports.monitor import CoordinatorView


def coordinators(seen: Seen) -> dict[str, Any]:
    """term, and once somebody led expires_at; leader, while one leads; coordinators by name, and handovers by number.

    Where nobody leads, ``expires_at`` is since when. A handover's ``vacant_s`` is for how long nobody had led, as far
    as it is known.
    """
    leader = seen.moment.leader
    there = {
        capped(one.holder, NAME): _coordinator(one, leader.holder, seen.moment.as_of)
        for one in seen.moment.coordinators
    }
    told: dict[str, Any] = {
        "running": seen.runs_cluster,
        "term": leader.term,
        "coordinators": there,
        "standbys": sum(one["state"] == "standby" for one in there.values()),
        "handovers": {str(event.sequence): _handover(event) for event in seen.moment.handovers},
        "order": [str(event.sequence) for event in reversed(seen.moment.handovers)],
    }
    if leader.expires_at:
        told["expires_at"] = leader.expires_at
    if leader.holder:
        told["leader"] = capped(leader.holder, NAME)
    return told


def _coordinator(one: CoordinatorView, leader: str, as_of: float) -> dict[str, Any]:
    state = "leader" if one.holder == leader else "silent" if as_of - one.seen_at > COORDINATOR_SILENT_S else "standby"
    return {
        "state": state,
        "host": capped(one.host, NAME),
        "pid": one.pid,
        "started_at": one.started_at,
        "seen_at": one.seen_at,
    }


def _handover(event: Event) -> dict[str, Any]:
    told: dict[str, Any] = {"at": event.at, "leader": capped(event.subject, NAME)}
    if isinstance(term := event.data.get("term"), int):
        told["term"] = term
    if isinstance(vacant_s := event.data.get("vacant_s"), int | float):
        told["vacant_s"] = vacant_s
    # what led before is named where its lease ran out; it gave it back otherwise
    if previous := event.data.get("previous"):
        told["lost"] = capped(str(previous), NAME)
    return told
