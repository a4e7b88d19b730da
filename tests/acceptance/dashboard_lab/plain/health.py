"""How well the laboratory does, as docs/dashboard.md says what makes it up."""

import json

from tests.acceptance.dashboard_lab.plain.cluster import alarms, leader, live, present, refusing, shard_states
from tests.acceptance.dashboard_lab.plain.look import Look, Row
from tests.acceptance.dashboard_lab.plain.metrics import metric

WEIGHTS = {"leader": 20, "workers": 25, "queues": 20, "breakers": 15, "devices": 10, "jobs": 5, "operators": 5}
LATELY_S = 900.0
#: Of so many of the newest jobs it counts whether they had a verdict.
_NEWEST = 100


def _parts(look: Look, at: float) -> dict[str, tuple[int, int]]:
    """For each part how many are as they should be, and of how many."""
    there, names = present(look), {one["name"] for one in present(look)}
    lost = {
        one["name"]
        for one in look.tables["workers"]
        if one["state"] == "offline" and at - one["seen_at"] < LATELY_S and one["name"] not in names
    }
    heard = live(look, at)
    draining = sum(one["state"] == "draining" for one in there)
    queues = {queue for (queue, state), count in shard_states(look).items() if state == "queued" and count}
    served = [queue for queue in queues if any(_takes(one, queue, look) for one in heard)]
    ids = {one["worker_id"] for one in heard}
    devices = [one["state"] for one in look.tables["devices"] if one["worker_id"] in ids]
    ended = [one for one in _newest(look) if one["finished_at"] and one["finished_at"] > at - LATELY_S]
    unfinished = sum(count for (_, state), count in shard_states(look).items() if state != "finished")
    return {
        "leader": (int(bool(leader(look, at))), 1),
        "workers": (draining + len(heard), len(there) + len(lost)) if there else (0, max(len(lost), 1)),
        "queues": (len(served), len(queues)),
        "breakers": (len(look.breakers) - len(refusing(look)), len(look.breakers)),
        "devices": (devices.count("available"), len(devices)),
        "jobs": (sum(one["outcome"] != "infra" for one in ended), len(ended)),
        "operators": (max(unfinished - len(alarms(look)), 0), unfinished),
    }


def _takes(worker: Row, queue: str, look: Look) -> bool:
    """Whether a worker takes work of a queue, and no breaker keeps it away: here a worker's one target is its CPU."""
    return queue in json.loads(worker["queues"]) and f"cpu/{worker['name']}" not in refusing(look)


def _newest(look: Look) -> list[Row]:
    """The newest jobs, those without a verdict first."""

    def newest(*, is_over: bool) -> list[Row]:
        found = [one for one in look.tables["jobs"] if (one["state"] == "finished") == is_over]
        return sorted(found, key=lambda one: (one["created_at"], one["job_id"]), reverse=True)

    return look.once("newest", lambda: [*newest(is_over=False), *newest(is_over=True)][:_NEWEST])


def _share(name: str, good: int, total: int) -> float:
    if good >= total:
        return 1.0
    return 0.0 if name == "operators" else good / total


@metric(r"cluster\.health\.score")
def _score(look: Look, at: float) -> int:
    shares = {name: _share(name, *counts) for name, counts in _parts(look, at).items()}
    score = round(sum(WEIGHTS[name] * share for name, share in shares.items()))
    return score if shares["leader"] and shares["workers"] else min(score, 40)


@metric(r"cluster\.health\.parts\.(\w+)\.(value|weight|good|total)")
def _part(look: Look, at: float, name: str, field: str) -> float:
    good, total = _parts(look, at)[name]
    return {"value": round(_share(name, good, total), 4), "weight": WEIGHTS[name], "good": good, "total": total}[field]


@metric(r"cluster\.health\.earlier")
def earlier(look: Look, at: float) -> float | None:
    """The mean of the last 15 minutes, as often as there is a sample: each 10 s."""
    samples = [one for one in look.tables["samples"] if at - LATELY_S <= one["at"] <= at]
    count = sum(one["count"] for one in samples)
    return round(sum(one["mean"] * one["count"] for one in samples) / count, 1) if count else None
