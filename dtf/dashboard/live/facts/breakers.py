"""The circuit breakers: how each stands, beside what holds where nothing was learned; or why they cannot be had."""

import math
from collections.abc import Mapping
from typing import Any, Final

from dtf.analysis.early_warning import warning_figures
from dtf.analysis.holding import quarantined
from dtf.breakers.status import BreakerStatus
from dtf.dashboard.live.facts.text import NAME, capped
from dtf.dashboard.live.seen import Seen
from dtf.domain.codec import to_json
from dtf.domain.learned import LearnedTarget
from dtf.domain.ports.breakers import BreakerView, refuses

#: Beliefs and chances move all the time; what is less than this is not told.
_DIGITS: Final = 4


def breakers(seen: Seen) -> dict[str, Any]:
    """targets by name (``hardware/name``), and by what they decide; ``defaults`` hold where nothing was learned.

    ``known`` is whether they can be had, ``problem`` why not; ``early_warning`` is missing where there is none.
    """
    told: dict[str, Any] = {
        "running": seen.runs_cluster,
        "known": seen.breakers is not None,
        "policy": seen.policy,
        "targets": {str(status.view.target): _told(status, seen) for status in seen.breakers or ()},
        "defaults": _finite(to_json(LearnedTarget())),
        "quarantine": _quarantine(seen),
    }
    warnings = seen.learned.early_warning if seen.learned is not None else None
    if warnings is not None:
        figures = warning_figures(warnings)
        told["early_warning"] = _finite({name: value for name, value in figures.items() if name != "targets"})
    if seen.breakers is None:
        told["problem"] = capped(seen.breaker_problem or "no cluster runs")
    return told


def _told(status: BreakerStatus, seen: Seen) -> dict[str, Any]:
    """A breaker in the words of ``dtf breakers --json``, but for its age: ``since`` says it."""
    known = {
        "failures_to_open": status.threshold,
        "default_failures_to_open": status.default_threshold,
        "reason": capped(status.view.reason),
        "why_fixed": capped(status.why_fixed),
        "foreseen": _foreseen(status.view, seen),
    }
    return {
        **_stands(status.view),
        "probes": status.probes,
        "base_rate": status.base_rate,
        "default_base_rate": status.default_base_rate,
        "learned": _finite(to_json(status.learned)),
        **{name: value for name, value in known.items() if value not in (None, "")},
    }


def _stands(view: BreakerView) -> dict[str, Any]:
    return {
        "target": str(view.target),
        "hardware": view.target.hardware,
        "name": view.target.name,
        "state": view.state.value,
        "mode": view.mode.value,
        "word": view.word,
        "refuses": refuses(view),
        "since": view.since,
        "bad": round(view.bad, _DIGITS),
        "epoch": view.epoch,
    }


def _foreseen(view: BreakerView, seen: Seen) -> dict[str, Any] | None:
    """How likely it is to open soon, as it was foreseen last; None: its target was not looked at."""
    warnings = seen.learned.early_warning if seen.learned is not None else None
    known = warnings.targets.get(str(view.target)) if warnings is not None else None
    if known is None or not known.at:
        return None
    tally = {"warnings": known.tally.warnings, "openings": known.tally.openings}
    return {"probability": round(known.probability, _DIGITS), "at": round(known.at), **tally}


def _quarantine(seen: Seen) -> dict[str, Any]:
    """What workers give to nobody, by target and worker; since when to the second, as it is told by its length."""
    return {
        f"{one.target} {one.worker}": {
            "target": str(one.target),
            "worker": capped(one.worker, NAME),
            "slots": list(one.slots),
            "since": round(one.since),
            "reason": capped(one.reason),
        }
        for one in quarantined(seen.moment.workers)
    }


def _finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what JSON has no word for; a learner of another version may have published it."""
    return {
        name: _finite(value) if isinstance(value, Mapping) else value
        for name, value in values.items()
        if value is not None and not (isinstance(value, float) and not math.isfinite(value))
    }
