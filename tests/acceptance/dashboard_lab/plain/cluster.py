"""The laboratory at a glance, its queues, its alarms, and who coordinates."""

import json
from collections import Counter

from tests.acceptance.dashboard_lab.plain.look import Look, Row
from tests.acceptance.dashboard_lab.plain.metrics import metric

#: A worker that was not heard for so long is silent, in seconds; and a coordinator.
SILENT_S = 30.0
_COORDINATOR_SILENT_S = 10.0


def online(look: Look) -> list[Row]:
    """The workers that are there and do not drain."""
    return [one for one in look.tables["workers"] if one["state"] == "online"]


def present(look: Look) -> list[Row]:
    """The workers that are there."""
    return [one for one in look.tables["workers"] if one["state"] != "offline"]


def live(look: Look, at: float) -> list[Row]:
    """The workers that take work."""
    return [one for one in online(look) if one["slots"] and at - one["seen_at"] <= SILENT_S]


def job_states(look: Look) -> Counter[str]:
    """How many jobs wait, run, or have each verdict."""
    return look.once("job states", lambda: Counter(_status(job) for job in look.tables["jobs"]))


def _status(job: Row) -> str:
    if job["state"] == "finished":
        return str(job["outcome"])
    return "running" if job["started_at"] is not None else "waiting"


def shard_states(look: Look) -> Counter[tuple[str, str]]:
    """How many shards each queue has of each state."""
    return look.once("shard states", lambda: Counter((one["queue"], one["state"]) for one in look.tables["shards"]))


def shards(look: Look, state: str) -> int:
    """How many shards are of a state."""
    return sum(count for (_, of), count in shard_states(look).items() if of == state)


def refusing(look: Look) -> set[str]:
    """The targets whose breakers let nothing through."""
    views = [one.view for one in look.breakers.values()]
    return {
        str(one.target) for one in views if one.mode == "forced_open" or (one.mode == "auto" and one.state != "closed")
    }


@metric(r"(?:cluster|resources)\.jobs_(waiting|running)")
def _jobs(look: Look, _: float, state: str) -> int:
    return job_states(look)[state]


@metric(r"tasks\.counts\.(\w+)")
def _counts(look: Look, _: float, status: str) -> int:
    return job_states(look)[status]


@metric(r"cluster\.total_tasks|tasks\.total")
def _all_jobs(look: Look, _: float) -> int:
    return len(look.tables["jobs"])


@metric(r"cluster\.success_rate")
def _success_rate(look: Look, _: float) -> float | None:
    states = job_states(look)
    judged = states.total() - states["waiting"] - states["running"] - states["cancelled"]
    return (states["passed"] + states["skipped"]) / judged if judged else None


@metric(r"cluster\.(queued|claimed)_shards|network\.nodes\.database\.(queued|claimed)")
def _shards(look: Look, _: float, first: str | None, second: str | None) -> int:
    return shards(look, first or second or "")


@metric(r"cluster\.runs(_open)?")
def _runs(look: Look, _: float, only_open: str | None) -> int:
    return sum(not only_open or run["outcome"] is None for run in look.tables["runs"])


@metric(r"cluster\.active_workers")
def _active(look: Look, _: float) -> int:
    return len(online(look))


@metric(r"cluster\.draining_workers")
def _draining(look: Look, _: float) -> int:
    return sum(one["state"] == "draining" for one in look.tables["workers"])


@metric(r"cluster\.slots")
def _slots(look: Look, _: float) -> int:
    return sum(one["slots"] for one in present(look))


@metric(r"cluster\.busy_slots")
def _busy_slots(look: Look, _: float) -> int:
    return sum(json.loads(one["load"])["busy_slots"] for one in present(look) if one["load"])


@metric(r"cluster\.breakers")
def _breakers(look: Look, _: float) -> int:
    return len(look.breakers)


@metric(r"cluster\.breakers_refusing")
def _breakers_refusing(look: Look, _: float) -> int:
    return len(refusing(look))


@metric(r"(?:queues|resources\.queues)\.(.+)\.(queued|claimed)")
def _queue(look: Look, _: float, queue: str, state: str) -> int:
    return shard_states(look)[queue, state]


@metric(r"queues\.(.+)\.(workers|slots)")
def _served(look: Look, at: float, queue: str, what: str) -> int:
    takers = [one for one in live(look, at) if queue in json.loads(one["queues"])]
    return len(takers) if what == "workers" else sum(one["slots"] for one in takers)


def alarms(look: Look) -> dict[str, tuple[Row, Row]]:
    """The shards that go elsewhere and of which operators are told, each with the attempt that failed last."""
    found = {}
    for shard in look.tables["shards"]:
        if shard["state"] != "finished" and shard["action"] == "fail_over":
            failed = [one for one in look.of("attempts", "shard_id", shard["shard_id"]) if one["failure"]]
            found[str(shard["shard_id"])] = (shard, max(failed, key=lambda one: int(one["attempt"])))
    return found


@metric(r"alarms\.(\w+)\.(at|failures)")
def _alarm(look: Look, _: float, shard_id: str, field: str) -> object:
    if shard_id not in alarms(look):
        return None
    shard, attempt = alarms(look)[shard_id]
    return attempt["recorded_at"] if field == "at" else shard["crashes"] + shard["refunds"]


def leader(look: Look, at: float) -> str:
    """Who leads; empty: nobody."""
    return "".join(one["holder"] for one in look.tables["leader"] if one["holder"] and one["expires_at"] > at)


@metric(r"(?:cluster|coordinators)\.leader")
def _leader(look: Look, at: float) -> str | None:
    return leader(look, at) or None


@metric(r"(?:cluster|coordinators)\.term|network\.nodes\.coordinator:.+\.term")
def _term(look: Look, _: float) -> int:
    return sum(one["term"] for one in look.tables["leader"])


@metric(r"coordinators\.standbys")
def _standbys(look: Look, at: float) -> int:
    others = [one for one in look.tables["coordinators"] if one["holder"] != leader(look, at)]
    return sum(at - one["seen_at"] <= _COORDINATOR_SILENT_S for one in others)


@metric(r"coordinators\.lease_(left|over)_s")
def _lease(look: Look, at: float, which: str) -> float:
    (lease,) = look.tables["leader"]
    left = lease["expires_at"] - at
    return float(left if which == "left" else max(-left, 0.0))


@metric(r"coordinators\.coordinators\.(.+)\.(pid|started_at|seen_at|silent_s)")
def _coordinator(look: Look, at: float, holder: str, field: str) -> object:
    for one in look.of("coordinators", "holder", holder):
        return max(at - one["seen_at"], 0.0) if field == "silent_s" else one[field]
    return None


@metric(r"coordinators\.handovers\.(\d+)\.(at|term|vacant_s)")
def _handover(look: Look, _: float, sequence: str, field: str) -> object:
    for event in look.of("events", "sequence", int(sequence)):
        return event["at"] if field == "at" else json.loads(event["data"]).get(field)
    return None
