"""Workers, their devices, what they use, and the map. The laboratory's workers have one device each: a CPU."""

import json
from collections import Counter
from typing import Any

from tests.acceptance.dashboard_lab.plain.cluster import SILENT_S, leader, present, refusing, shards
from tests.acceptance.dashboard_lab.plain.look import Look, Row
from tests.acceptance.dashboard_lab.plain.metrics import metric

#: What a worker told longer ago is not known any more where it is about now, in seconds.
_FRESH_S = 20.0
#: What says nothing about the work itself.
_NO_VERDICT = ("infra", "cancelled")
_LOADS = {"cpu": "cpu_percent", "memory": "memory_percent", "busy_slots": "busy_slots", "load_1m": "load_1m"}
_COLUMNS = ("slots", "pid", "memory_bytes", "cpu_count", "registered_at", "seen_at")


def _worker(look: Look, worker_id: str) -> Row | None:
    return next(iter(look.of("workers", "worker_id", worker_id)), None)


def _load(worker: Row | None) -> dict[str, Any]:
    """What it told with its last heartbeat; of one that is gone nothing is known."""
    if worker is None or worker["state"] == "offline" or not worker["load"]:
        return {}
    found: dict[str, Any] = json.loads(worker["load"])
    return found


def _ended(look: Look, worker_id: str) -> Counter[str]:
    """The outcomes of a worker's attempts that are over."""
    rows = look.of("attempts", "worker_id", worker_id)
    return Counter(one["outcome"] for one in rows if one["outcome"] is not None)


def _achieved(look: Look, worker_id: str, field: str) -> float | None:
    ended = _ended(look, worker_id)
    judged = ended.total() - sum(ended[name] for name in _NO_VERDICT)
    if field == "tasks_completed":
        return judged
    part, whole = (ended["infra"], judged + ended["infra"])
    if field == "success_rate":
        part, whole = (ended["passed"] + ended["skipped"], judged)
    return part / whole if whole else None


def _claims(look: Look, worker_id: str) -> list[Row]:
    return [one for one in look.of("shards", "state", "claimed") if one["worker_id"] == worker_id]


@metric(r"workers\.(\w+)\.(tasks_completed|success_rate|infra_rate)")
def _rates(look: Look, _: float, worker_id: str, field: str) -> float | None:
    return _achieved(look, worker_id, field)


@metric(r"workers\.(\w+)\.took_work_at")
def _took_work(look: Look, _: float, worker_id: str) -> object:
    return max((one["claimed_at"] for one in look.of("attempts", "worker_id", worker_id)), default=None)


@metric(r"workers\.(\w+)\.slot_table\.(\d+)\.rss_bytes")
def _slot_memory(look: Look, _: float, worker_id: str, slot: str) -> object:
    return _load(_worker(look, worker_id)).get("slot_memory_bytes", {}).get(slot)


@metric(r"workers\.(\w+)\.slot_table\.(\d+)\.runs\.(attempt|claimed_at)")
def _slot(look: Look, _: float, worker_id: str, slot: str, field: str) -> object:
    found = [one for one in _claims(look, worker_id) if one["slot"] == int(slot)]
    return found[0][field] if found else None


@metric(r"workers\.(\w+)\.devices\.(\d+)\.figures\.(\w+)")
def _device_figure(look: Look, _: float, worker_id: str, position: str, field: str) -> object:
    device = _device(look, worker_id, position)
    return _load(_worker(look, worker_id)).get("devices", {}).get(device["uuid"], {}).get(field)


@metric(r"workers\.(\w+)\.devices\.(\d+)\.details\.memory_bytes")
def _device_memory(look: Look, _: float, worker_id: str, position: str) -> object:
    return json.loads(_device(look, worker_id, position)["details"]).get("memory_bytes")


def _device(look: Look, worker_id: str, position: str) -> Row:
    (found,) = [one for one in look.of("devices", "worker_id", worker_id) if one["position"] == int(position)]
    assert found["kind"] == "cpu", "the rules here are those of workers with nothing but a CPU"
    return found


@metric(r"workers\.(\w+)\.(\w+)")
def _told(look: Look, _: float, worker_id: str, field: str) -> object:
    worker = _worker(look, worker_id)
    if worker is None or field in _LOADS:
        return _load(worker).get(_LOADS[field])
    assert field in _COLUMNS, field
    return worker[field]


# --- resources


def _fresh(look: Look, at: float) -> list[Row]:
    return [one for one in present(look) if one["load"] and at - one["seen_at"] <= _FRESH_S]


@metric(r"resources\.slots")
def _slots(look: Look, _: float) -> int:
    return sum(one["slots"] for one in present(look))


@metric(r"resources\.busy_slots")
def _busy_slots(look: Look, at: float) -> object:
    fresh = _fresh(look, at)
    return sum(_load(one)["busy_slots"] for one in fresh) if fresh else None


@metric(r"resources\.workers\.(\w+)\.(cpu|memory|busy_slots|slots)")
def _used(look: Look, at: float, worker_id: str, field: str) -> object:
    worker = _worker(look, worker_id)
    if worker is None or worker["state"] == "offline":
        return None
    if field == "slots":
        return worker["slots"]
    return _load(worker).get(_LOADS[field]) if worker in _fresh(look, at) else None


# --- hardware


def _use(look: Look, at: float, device: Row) -> str:
    """What becomes of a worker's CPU."""
    worker = _worker(look, device["worker_id"])
    assert worker is not None
    target = f"cpu/{worker['name']}"
    held = [f"{one['target']['hardware']}/{one['target']['name']}" for one in _load(worker).get("quarantine", [])]
    rules = {
        "failed": device["state"] == "failed",
        "silent": at - worker["seen_at"] > SILENT_S,
        "quarantined": target in held,
        "busy": bool(_claims(look, device["worker_id"])),
        "held": target in refusing(look),
        "draining": worker["state"] == "draining",
        "unused": worker["slots"] < 1,
    }
    return next((use for use, does in rules.items() if does), "available")


def _devices(look: Look) -> list[Row]:
    ids = {one["worker_id"] for one in present(look)}
    return [one for one in look.tables["devices"] if one["worker_id"] in ids]


@metric(r"hardware\.types\.([\w:]+)\.(\w+)")
def _type(look: Look, at: float, kind: str, use: str) -> int:
    devices = [one for one in _devices(look) if one["kind"] == kind]
    return len(devices) if use == "devices" else sum(_use(look, at, one) == use for one in devices)


@metric(r"(?:hardware\.devices\.|network\.nodes\.device:)(\w+):(\d+)\.(slots|busy_slots)")
def _device_slots(look: Look, _: float, worker_id: str, position: str, field: str) -> object:
    _device(look, worker_id, position)
    worker = _worker(look, worker_id)
    if worker is None or worker["state"] == "offline":
        return None
    return worker["slots"] if field == "slots" else len(_claims(look, worker_id))


@metric(r"hardware\.devices\.(\w+):(\d+)\.figures\.(\w+)")
def _figures(look: Look, at: float, worker_id: str, position: str, field: str) -> object:
    return _device_figure(look, at, worker_id, position, field)


# --- the map


@metric(r"network\.nodes\.worker:(\w+)\.(slots|busy_slots)")
def _node(look: Look, _: float, worker_id: str, field: str) -> object:
    worker = _worker(look, worker_id)
    if field == "busy_slots":
        return len(_claims(look, worker_id))
    return worker and worker["slots"]


@metric(r"network\.links\.coordinator:(.+) (database|broker)\.value")
def _led(look: Look, at: float, holder: str, other: str) -> int | None:
    if holder != leader(look, at):
        return 0 if other == "database" else None
    return shards(look, "queued") + (shards(look, "claimed") if other == "database" else 0)


@metric(r"network\.links\.(?:broker worker:(\w+)|worker:(\w+) database|worker:(\w+) device:\w+:\d+)\.value")
def _worked(look: Look, _: float, *worker_ids: str | None) -> int:
    (worker_id,) = [one for one in worker_ids if one]
    return len(_claims(look, worker_id))
