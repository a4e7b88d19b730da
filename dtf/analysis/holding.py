"""What keeps a queue's shards from every slot: open circuit breakers, and quarantine."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from dtf.domain.breaker import Target
from dtf.domain.held import holders
from dtf.domain.match import capacity
from dtf.domain.ports.views import WorkerView
from dtf.domain.worker import WorkerState


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A target in quarantine, as it stands now.

    Attributes:
        target: Which.
        worker: The name of the worker whose it is.
        slots: The numbers of the slots that use it.
        since: Since when, in seconds since the epoch, on the database's clock.
        reason: Why.
    """

    target: Target
    worker: str
    slots: tuple[int, ...]
    since: float
    reason: str

    def words(self, now: float) -> str:
        """``cuda/GPU-1 on celery@lab1 is in quarantine for 12 s: after reset_device ...``."""
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.target} on {self.worker} is in quarantine for {max(0.0, now - self.since):.0f} s{reason}"


def quarantined(workers: Iterable[WorkerView]) -> list[Quarantined]:
    """What is in quarantine on the workers that live, by target."""
    found = [
        Quarantined(
            target=one.target,
            worker=worker.info.name,
            slots=one.slots,
            since=worker.seen_at - one.for_s,
            reason=one.reason,
        )
        for worker in workers
        if worker.load is not None and worker.state is not WorkerState.OFFLINE
        for one in worker.load.quarantine
    ]
    return sorted(found, key=lambda one: (one.target, one.worker))


def keepers(queue: str, workers: Sequence[WorkerView], refusing: Collection[Target]) -> tuple[Target, ...]:
    """The targets that keep a queue's shards from every slot; none where some slot is free of them."""
    found: dict[Target, None] = {}
    for worker in workers:
        if not capacity(worker.info, queue):
            continue
        held = holders(queue, (worker.info,), {*refusing, *(one.target for one in quarantined((worker,)))})
        if not held:
            return ()
        found.update(dict.fromkeys(held))
    return tuple(found)
