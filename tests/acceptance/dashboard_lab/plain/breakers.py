"""Circuit breakers, as they stand in their store, and their past, which the ledger has."""

import json
from dataclasses import asdict

from dtf.analysis.early_warning import warning_figures
from dtf.breakers.status import BreakerStatus
from dtf.domain.learned import LearnedTarget
from tests.acceptance.dashboard_lab.plain.look import Look
from tests.acceptance.dashboard_lab.plain.metrics import metric


def _status(look: Look, target: str) -> BreakerStatus | None:
    return look.breakers.get(target)


@metric(r"breakers\.targets\.(.+)\.learned\.(\w+)")
def _learned(look: Look, _: float, target: str, field: str) -> object:
    status = _status(look, target)
    return status and asdict(status.learned)[field]


@metric(r"breakers\.defaults\.(\w+)")
def _defaults(_: Look, __: float, field: str) -> object:
    return asdict(LearnedTarget())[field]


@metric(r"breakers\.targets\.(.+)\.foreseen\.(probability|at)")
def _foreseen(look: Look, _: float, target: str, field: str) -> object:
    warnings = look.learned and look.learned.early_warning
    known = warnings.targets.get(target) if warnings else None
    if known is None or not known.at:
        return None
    return round(known.probability, 4) if field == "probability" else round(known.at)


@metric(r"breakers\.targets\.(.+)\.(\w+)")
def _stands(look: Look, _: float, target: str, field: str) -> object:
    status = _status(look, target)
    if status is None:
        return None
    return {
        "bad": round(status.view.bad, 4),
        "since": status.view.since,
        "epoch": status.view.epoch,
        "probes": status.probes,
        "failures_to_open": status.threshold,
        "default_failures_to_open": status.default_threshold,
        "base_rate": status.base_rate,
        "default_base_rate": status.default_base_rate,
    }[field]


@metric(r"breakers\.early_warning\.([\w.]+)")
def _early_warning(look: Look, _: float, path: str) -> object:
    warnings = look.learned and look.learned.early_warning
    if not warnings:
        return None
    found: object = json.loads(json.dumps(warning_figures(warnings)))
    for name in path.split("."):
        assert isinstance(found, dict)
        found = found[name]
    of = {"precision": warnings.tally.warnings, "precision_at_least": warnings.tally.warnings}
    counts = {**of, "recall": warnings.tally.openings, "chance": warnings.looks}
    return found if counts.get(path, True) else None


@metric(r"breaker_history\.(.+?)\.(\d{9,}(?:\.\d+)?)-\d+")
def _history(look: Look, _: float, target: str, at: str) -> object:
    for event in look.of("events", "at", float(at)):
        data = json.loads(event["data"])
        if event["kind"] == "breaker_changed" and f"{data['hardware']}/{data['name']}" == target:
            return data.get("changed_at") or event["at"]
    return None
