"""What was done about failures, what it brought, and which failures were met on purpose."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dtf.analysis.injected import injection_counts
from dtf.analysis.recovered import Achieved, achieved, by_action, by_failure, by_level
from dtf.dashboard.live.facts.text import NAME, capped
from dtf.dashboard.live.seen import Seen
from dtf.domain.ports.monitor import MOST_RECOVERIES
from dtf.domain.recovery import LEVEL_OF, Recovery

#: So many of the latest recoveries are told one by one.
MOST_LATEST: Final = 50


def recovery(seen: Seen) -> dict[str, Any]:
    """levels (1 to 5) with the strategies of each, failures by type, the latest, and injections by failure.

    The measures of a level, a strategy and a failure: tried, succeeded, success_rate, recovery_time (the median of
    those that succeeded, in seconds), resource_usage (slot-seconds), impact (other slots that were taken from their
    work), stability and task_recovery (shares from 0 to 1 of those of which it is known). They are made from the last
    recoveries, ``most`` of them at most.
    """
    told, on_purpose = seen.moment.recoveries, _met(seen.injections)
    marked = [one for one in told if (one.shard_id, one.attempt) in on_purpose]
    return {
        "most": MOST_RECOVERIES,
        "all": {**_measures(achieved(told)), "on_purpose": len(marked)},
        "levels": _levels(told),
        "strategies": _strategies(told),
        "failures": {failure.value: _measures(one) for failure, one in by_failure(told).items()},
        "latest": _latest(told[-MOST_LATEST:], on_purpose),
        "injections": injection_counts(seen.injections),
    }


def _met(injections: Sequence[Mapping[str, object]]) -> frozenset[tuple[object, object]]:
    """The attempts that met a failure on purpose, by shard and number."""
    return frozenset((one["shard"], one["attempt"]) for one in injections if one["injection"])


def _levels(told: Sequence[Recovery]) -> dict[str, Any]:
    return {str(level.value): {"name": level.name.lower(), **_measures(one)} for level, one in by_level(told).items()}


def _strategies(told: Sequence[Recovery]) -> dict[str, Any]:
    """By name; what each one did against which failure is told where it was tried."""
    return {
        action.value: {
            "level": LEVEL_OF[action].value,
            **_measures(one),
            "failures": {
                failure.value: {"tried": against.tried, "succeeded": against.succeeded}
                for failure, against in by_failure([each for each in told if each.action is action]).items()
            },
        }
        for action, one in by_action(told).items()
    }


def _measures(one: Achieved) -> dict[str, Any]:
    known = {
        "success_rate": one.success_rate,
        "recovery_time": one.median_s,
        "stability": one.stability,
        "task_recovery": one.job_recovery,
    }
    return {
        "tried": one.tried,
        "succeeded": one.succeeded,
        "resource_usage": one.resource_s,
        "impact": one.impact,
        "settled": one.settled,
        "judged": one.judged,
        **{name: value for name, value in known.items() if value is not None},
    }


def _latest(told: Sequence[Recovery], on_purpose: frozenset[tuple[object, object]]) -> dict[str, Any]:
    """By a name of their own; ``order`` has the names, the last first."""
    rows = {_name(one): _row(one, on_purpose) for one in reversed(told)}
    return {"rows": rows, "order": list(rows)}


def _name(one: Recovery) -> str:
    return f"{one.at:.6f} {one.action} {one.target} {one.shard_id}"


def _row(one: Recovery, on_purpose: frozenset[tuple[object, object]]) -> dict[str, Any]:
    known = {"stable": one.stable, "job_recovered": one.job_recovered}
    words = {"worker_id": one.worker_id, "shard_id": one.shard_id, "reason": capped(one.reason)}
    return {
        "at": one.at,
        "target": capped(str(one.target), NAME),
        "failure": one.failure.value,
        "action": one.action.value,
        "level": one.level.value,
        "succeeded": one.succeeded,
        "time_s": one.time_s,
        "resource_s": one.resource_s,
        "impact": one.impact,
        "attempt": one.attempt,
        "on_purpose": (one.shard_id, one.attempt) in on_purpose,
        **{name: value for name, value in known.items() if value is not None},
        **{name: text for name, text in words.items() if text},
    }
