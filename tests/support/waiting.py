"""Waiting shards for tests."""

from dtf.domain.ports.control import WaitingShard


def waiting_shard(
    shard_id: str,
    *,
    run_id: str = "r1",
    job_id: str = "j1",
    queue: str = "cpu",
    kind: str = "run",
    priority: int = 5,
    rank: int = 0,
    predicted_s: float = 1.0,
    waiting_s: float = 0.0,
    hinted_s: float | None = None,
) -> WaitingShard:
    """A queued shard that is due."""
    return WaitingShard(
        shard_id=shard_id,
        job_id=job_id,
        run_id=run_id,
        queue=queue,
        kind=kind,
        priority=priority,
        rank=rank,
        predicted_s=predicted_s,
        waiting_s=waiting_s,
        hinted_s=hinted_s,
    )
