"""Runs, jobs, attempts, artifacts, and what recoveries came to."""

import json
from collections import Counter
from statistics import median

from tests.acceptance.dashboard_lab.plain.look import Look, Row
from tests.acceptance.dashboard_lab.plain.metrics import metric

_CASES = ("passed", "failed", "skipped", "error", "timeout", "infra", "xfailed", "xpassed")
_FAILED = ("failed", "error", "timeout", "infra")


def _sum(rows: list[Row], *columns: str) -> int:
    return sum(row[column] for row in rows for column in columns)


def _of_run(look: Look, run_id: str) -> dict[str, int]:
    """The counts of a run."""
    jobs, shards = list(look.of("jobs", "run_id", run_id)), list(look.of("shards", "run_id", run_id))
    claimed = [one for one in shards if one["state"] == "claimed"]
    ids = {one["job_id"] for one in jobs}
    cases = {f"cases.{name}": _sum(jobs, f"cases_{name}") for name in _CASES}
    return {
        **cases,
        **{f"shards.{state}": count for state, count in Counter(one["state"] for one in shards).items()},
        "expected": _sum(jobs, "expected"),
        "running": _sum(claimed, "done"),
        "cases_done": sum(cases.values()) + _sum(claimed, "done"),
        "failures": sum(cases[f"cases.{name}"] for name in _FAILED) + _sum(claimed, "failed"),
        "jobs": len(jobs),
        "jobs_finished": sum(one["state"] == "finished" for one in jobs),
        "attempts": sum(one["job_id"] in ids for one in look.tables["attempts"]),
    }


@metric(r"runs\.(\w+)\.makespan_s")
def _makespan(look: Look, at: float, run_id: str) -> float | None:
    for run in look.of("runs", "run_id", run_id):
        if run["started_at"] is not None:
            return max(float(run["finished_at"] or at) - float(run["started_at"]), 0.0)
    return None


@metric(r"runs\.(\w+)\.(created_at|started_at|finished_at)")
def _run_time(look: Look, _: float, run_id: str, field: str) -> object:
    return next((run[field] for run in look.of("runs", "run_id", run_id)), None)


@metric(r"runs\.(\w+)\.done_share")
def _done_share(look: Look, _: float, run_id: str) -> float:
    counts = look.once(f"run {run_id}", lambda: _of_run(look, run_id))
    if counts["expected"]:
        return round(min(counts["cases_done"] / counts["expected"], 1.0), 4)
    return round(counts["jobs_finished"] / counts["jobs"], 4) if counts["jobs"] else 0.0


@metric(r"runs\.(\w+)\.([\w.]+)")
def _run(look: Look, _: float, run_id: str, field: str) -> int:
    counts = look.once(f"run {run_id}", lambda: _of_run(look, run_id))
    return counts.get(field, 0) if field.startswith("shards.") else counts[field]


@metric(r"jobs\.(\w+)\.(\w+)")
def _job(look: Look, _: float, job_id: str, field: str) -> object:
    for job in look.of("jobs", "job_id", job_id):
        if field == "failures":
            return sum(job[f"cases_{name}"] for name in _FAILED)
        if field == "duration_s":
            ended = job["started_at"] is not None and job["finished_at"] is not None
            return job["finished_at"] - job["started_at"] if ended else None
        return job[field]
    return None


@metric(r"attempts\.(\w+)[:/](\d+)\.(\w+)")
def _attempt(look: Look, _: float, shard_id: str, number: str, field: str) -> object:
    found = [one for one in look.of("attempts", "shard_id", shard_id) if one["attempt"] == int(number)]
    return found[0][field] if found else None


@metric(r"artifacts\.(\w+)/(\d+)/(\d+)\.size")
def _artifact(look: Look, _: float, shard_id: str, number: str, position: str) -> object:
    place = (int(number), int(position))
    found = [one for one in look.of("artifacts", "shard_id", shard_id) if (one["attempt"], one["position"]) == place]
    return found[0]["size"] if found else None


# --- recoveries


def _on_purpose(look: Look) -> set[tuple[str, int]]:
    told = [(one["subject"], json.loads(one["data"])) for one in look.of("events", "kind", "failure_injected")]
    return {(shard_id, data["attempt"]) for shard_id, data in told if data["injection"]}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _came_to(rows: list[Row], field: str) -> object:
    good = [one for one in rows if one["succeeded"]]
    held = [one["stable"] for one in good if one["stable"] is not None]
    saved = [one["job_recovered"] for one in rows if one["job_recovered"] is not None]
    return {
        "tried": len(rows),
        "succeeded": len(good),
        "success_rate": _share(len(good), len(rows)),
        "recovery_time": median(one["time_s"] for one in good) if good else None,
        # the oldest first, as sums of fractions depend on their order
        "resource_usage": sum(one["resource_s"] for one in reversed(rows)),
        "impact": sum(one["impact"] for one in rows),
        "settled": len(held),
        "stability": _share(sum(held), len(held)),
        "judged": len(saved),
        "task_recovery": _share(sum(saved), len(saved)),
    }[field]


@metric(r"recovery\.most")
def _most(_: Look, __: float) -> int:
    return 500


@metric(r"recovery\.all\.on_purpose")
def _purpose(look: Look, _: float) -> int:
    met = _on_purpose(look)
    return sum((one["shard_id"], one["attempt"]) in met for one in look.tables["recoveries"])


@metric(r"recovery\.all\.(\w+)")
def _all(look: Look, _: float, field: str) -> object:
    return _came_to(list(look.tables["recoveries"]), field)


@metric(r"recovery\.(levels|strategies|failures)\.(\w+)\.(\w+)")
def _each(look: Look, _: float, kind: str, name: str, field: str) -> object:
    column = {"levels": "level", "strategies": "action", "failures": "failure"}[kind]
    return _came_to([one for one in look.tables["recoveries"] if str(one[column]) == name], field)


@metric(r"recovery\.strategies\.(\w+)\.failures\.(\w+)\.(tried|succeeded)")
def _against(look: Look, _: float, action: str, failure: str, field: str) -> object:
    rows = look.of("recoveries", "action", action)
    return _came_to([one for one in rows if one["failure"] == failure], field)


@metric(r"recovery\.latest\.rows\.(\d+\.\d{6}) (\w+) (.+) (\w*)\.(\w+)")
def _latest(look: Look, _: float, at: str, action: str, target: str, shard_id: str, field: str) -> object:
    for one in look.of("recoveries", "shard_id", shard_id):
        if (f"{one['at']:.6f}", one["action"], f"{one['hardware']}/{one['name']}") == (at, action, target):
            return one[field]
    return None
