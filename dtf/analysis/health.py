"""How well the laboratory does, as one number and what makes it up."""

from collections.abc import Mapping
from typing import Any, Final

from dtf.domain.ports.monitor import Moment
from dtf.domain.worker import WorkerState

#: What each part weighs; they come to 100.
_WEIGHTS: Final[Mapping[str, int]] = {"leader": 20, "workers": 30, "breakers": 20, "queues": 20, "operators": 10}


def health(moment: Moment, refusing: int, *, is_running: bool) -> dict[str, Any]:
    """score (0 to 100), status, and parts: each from 0 to 1, with its weight.

    Args:
        moment: The ledger.
        refusing: How many breakers let no work through.
        is_running: Whether a cluster is configured or runs.
    """
    if not is_running:
        return {"status": "not running"}
    present = [worker for worker in moment.workers if worker.state is not WorkerState.OFFLINE]
    online = [worker for worker in present if worker.state is WorkerState.ONLINE]
    served = {queue for worker in online for queue in worker.info.queues}
    waiting = [queue for queue, states in moment.backlog.items() if states.get("queued")]
    unserved = sum(queue not in served for queue in waiting)
    parts = {
        "leader": 1.0 if moment.leader.holder else 0.0,
        "workers": len(online) / len(present) if present else 0.0,
        "breakers": 1.0 / (1 + refusing),
        "queues": 1 - unserved / len(waiting) if waiting else 1.0,
        "operators": 0.0 if moment.alarms else 1.0,
    }
    score = round(sum(_WEIGHTS[name] * value for name, value in parts.items()))
    status = "healthy" if score >= 90 else "degraded" if score >= 60 else "unhealthy"
    return {"score": score, "status": status, "parts": {name: round(value, 4) for name, value in parts.items()}}
