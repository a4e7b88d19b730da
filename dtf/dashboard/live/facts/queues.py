"""What waits and runs, queue by queue, and who takes it."""

from collections.abc import Sequence
from typing import Any

from dtf.analysis.holding import keepers
from dtf.analysis.service import absence, unserved
from dtf.dashboard.live.facts.text import capped
from dtf.dashboard.live.seen import Seen
from dtf.domain.match import capacity
from dtf.domain.ports.breakers import refuses
from dtf.domain.ports.views import WorkerView
from dtf.domain.shard import ShardState


def queues(seen: Seen) -> dict[str, Any]:
    """By the queue's name; those in which nothing waits or runs are there as long as a worker takes work of them."""
    moment = seen.moment
    live = [worker for worker in moment.workers if absence(worker, moment.as_of) is None]
    names = {*moment.backlog, *(queue for worker in live for queue in worker.info.queues)}
    return {name: _queue(seen, name, live) for name in sorted(names)}


def _queue(seen: Seen, name: str, live: Sequence[WorkerView]) -> dict[str, Any]:
    states = seen.moment.backlog.get(name, {})
    slots = [capacity(worker.info, name) for worker in live]
    told: dict[str, Any] = {
        "queued": states.get(ShardState.QUEUED, 0),
        "claimed": states.get(ShardState.CLAIMED, 0),
        "workers": sum(count > 0 for count in slots),
        "slots": sum(slots),
    }
    if told["queued"]:
        told |= _trouble(seen, name, live)
    return told


def _trouble(seen: Seen, name: str, live: Sequence[WorkerView]) -> dict[str, Any]:
    """Why nobody takes what waits; empty: somebody does."""
    answer = unserved(name, seen.moment.workers, seen.moment.as_of)
    if answer is not None:
        return {"why": capped(answer.sentence), "advice": capped(answer.advice)}
    refusing = {status.view.target for status in seen.breakers or () if refuses(status.view)}
    if held := keepers(name, live, refusing):
        told = ", ".join(str(target) for target in held)
        return {"why": capped(f"Open circuit breakers or quarantine keep it from all slots: {told}.")}
    return {}
