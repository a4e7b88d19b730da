"""What operators are needed for."""

from typing import Any

from dtf.dashboard.live.facts.text import NAME, capped
from dtf.dashboard.live.seen import Seen


def alarms(seen: Seen) -> dict[str, Any]:
    """By the shard's id; ``order`` has the ids, the oldest alarm first."""
    found = seen.moment.alarms
    told: dict[str, Any] = {
        alarm.shard_id: {
            "job_id": alarm.job_id,
            "run_id": alarm.run_id,
            "queue": capped(alarm.queue, NAME),
            "failures": alarm.failures,
            "failure": alarm.failure,
            "worker": capped(alarm.worker, NAME),
            "at": alarm.at,
            "reason": capped(alarm.reason),
        }
        for alarm in found
    }
    return {**told, "order": [alarm.shard_id for alarm in found]}
