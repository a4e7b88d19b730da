"""Which figures of a moment are kept, and under what names."""

import math
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from dtf.analysis.health import health
from dtf.domain.breaker import Target
from dtf.domain.ports.monitor import Moment
from dtf.domain.shard import ShardState
from dtf.domain.worker import WorkerState

#: So many series are kept at a time: about 600 workers' without GPUs.
MOST_SERIES: Final = 2_000
#: What a worker reported longer ago says nothing about now, in seconds: four of its heartbeats.
FRESH_S: Final = 20.0

_OF_WORKERS: Final = ("cpu_percent", "memory_percent", "busy_slots")
_OF_DEVICES: Final = ("utilisation_percent", "memory_used_bytes", "temperature_c")
_OF_QUEUES: Final = (ShardState.QUEUED, ShardState.CLAIMED)


def sampled(moment: Moment, refusing: Collection[Target] | None, breakers: int) -> dict[str, float]:
    """The figures of a moment by the names of their series, those of all the laboratory first.

    There are ``MOST_SERIES`` at most, so that the table that they are kept in is bounded.

    Args:
        moment: The ledger.
        refusing: The targets whose breakers let no work through; None: the breakers do not answer.
        breakers: How many breakers there are.
    """
    score = health(moment, refusing=refusing, breakers=breakers)["score"]
    found: Iterator[tuple[str, float]] = (
        (name, float(value)) for name, value in _all(moment, score) if math.isfinite(value)
    )
    return dict(islice(found, MOST_SERIES))


def _all(moment: Moment, score: float) -> Iterator[tuple[str, float]]:
    yield "health/score", score
    yield "jobs/waiting", moment.totals.jobs_waiting
    yield "jobs/running", moment.totals.jobs_running
    present = [worker for worker in moment.workers if worker.state is not WorkerState.OFFLINE]
    # what is empty has no backlog, and is 0 as long as somebody serves it
    queues = {queue for worker in present for queue in worker.info.queues} | moment.backlog.keys()
    for queue in sorted(queues):
        states = moment.backlog.get(queue, {})
        yield from ((f"queue/{queue}/{state}", states.get(state, 0)) for state in _OF_QUEUES)
    fresh = [(w.info.worker_id, w.load) for w in present if w.load and moment.as_of - w.seen_at <= FRESH_S]
    for worker_id, load in fresh:
        yield from ((f"worker/{worker_id}/{name}", getattr(load, name)) for name in _OF_WORKERS)
    devices: dict[str, Mapping[str, Any]] = {uuid: of for _, load in fresh for uuid, of in load.devices.items()}
    for uuid, of in devices.items():
        yield from ((f"device/{uuid}/{name}", of[name]) for name in _OF_DEVICES if name in of)
