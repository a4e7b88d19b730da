"""Prints breakers on a terminal."""

import math
import time
from collections.abc import Mapping, Sequence

from dtf.breakers.status import BreakerStatus
from dtf.cli.running.breaker_session import view_json
from dtf.cli.terminal.figures import duration
from dtf.cli.terminal.output import Output
from dtf.cli.terminal.table import table
from dtf.domain.codec import to_json
from dtf.domain.escape import one_line
from dtf.domain.learned import LearnedTarget

TITLES = ("target", "state", "for", "bad", "opens after", "normal failures", "why")

_DEFAULT = LearnedTarget()


def print_breakers(output: Output, found: Sequence[BreakerStatus], policy: str) -> None:
    """One line for each breaker."""
    if not found:
        output.line(f"no breaker yet: none of what they guard was used (they are set to {policy})")
        return
    for line in table(TITLES, [row(status) for status in found], output.table_width):
        output.line(line)
    output.line("In brackets what holds where nothing was learned. dtf breakers TARGET shows all of one.")


def row(status: BreakerStatus) -> tuple[str, ...]:
    """A breaker in a table."""
    return (
        str(status.view.target),
        status.view.word,
        duration(status.age_s),
        _share(status.view.bad),
        threshold_words(status),
        f"{_share(status.base_rate)} ({_share(status.default_base_rate)})",
        status.view.reason or (f"fixed: {status.why_fixed}" if status.why_fixed else "-"),
    )


def threshold_words(status: BreakerStatus) -> str:
    """``2 (4) failures``; ``-`` where it is not closed."""
    if status.threshold is None:
        return "-"
    return f"{status.threshold} ({status.default_threshold}) failure{'s' if status.threshold != 1 else ''}"


def print_breaker(
    output: Output, status: BreakerStatus, history: Sequence[Mapping[str, object]], foreseen: str = ""
) -> None:
    """All that is known of a breaker, with what is foreseen for it, in words."""
    view, learned = status.view, status.learned
    lines = {
        "state": f"{view.word} for {duration(status.age_s)}" + (f": {view.reason}" if view.reason else ""),
        "bad": f"{_share(view.bad)}, that its target is",
        "opens after": f"{threshold_words(status)} in a row",
        "probes": f"{status.probes} under way",
        "decides by": f"fixed numbers: {status.why_fixed}" if status.why_fixed else "what was learned",
    }
    if foreseen:
        lines["early warning"] = foreseen
    output.line(one_line(str(view.target), 200))
    for name, text in lines.items():
        output.line(f"  {name}: {one_line(text, 500)}")
    output.line(f"  learned from {learned.evidence} jobs and {learned.outages} outages (in brackets: the default)")
    for name, text in learned_words(learned).items():
        output.line(f"    {name}: {text}")
    output.line("  history:" if history else "  history: none")
    for event in history:
        output.line(f"    {_event(event)}")


def learned_words(learned: LearnedTarget) -> dict[str, str]:
    """What was learned beside the defaults."""
    healthy, usual = 1 / max(learned.hazard_per_s, 1e-12), 1 / _DEFAULT.hazard_per_s
    outage, of_all = math.exp(min(learned.outage_log_mean, 20.0)), math.exp(_DEFAULT.outage_log_mean)
    slower = math.expm1(min(learned.latency_drift, 20.0))
    return {
        "jobs that fail while it is healthy": f"{_share(learned.base_rate)} ({_share(_DEFAULT.base_rate)})",
        "turns bad every": f"{duration(healthy)} ({duration(usual)})",
        "median outage": f"{duration(outage)} ({duration(of_all)})",
        "runs slower than its groups by": _share(slower) + (", a change just now" if learned.drift_detected else ""),
        "opened again within a minute": _share(learned.reopen_rate),
        "opened together with others": _share(learned.sibling_rate),
    }


def status_json(status: BreakerStatus) -> dict[str, object]:
    """A breaker in JSON's types."""
    return {
        **view_json(status.view),
        "age_s": round(status.age_s, 3),
        "probes": status.probes,
        "failures_to_open": status.threshold,
        "default_failures_to_open": status.default_threshold,
        "base_rate": status.base_rate,
        "default_base_rate": status.default_base_rate,
        "why_fixed": status.why_fixed,
        "learned": to_json(status.learned),
    }


def _event(event: Mapping[str, object]) -> str:
    at = event.get("changed_at", event.get("at"))
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at)) if isinstance(at, int | float) else "?"
    if "mode" in event:
        what = f"an operator set it to {str(event['mode']).replace('_', ' ')}"
    elif "restored" in event:
        what = f"set to {str(event['restored']).replace('_', ' ')} again, which the store had lost"
    else:
        what = f"{event.get('before')} -> {event.get('after')}"
    reason = f": {event['reason']}" if event.get("reason") else ""
    return one_line(f"{when}  {what}{reason}", 500)


def _share(value: float) -> str:
    return f"{100 * value:.2g} %" if value < 0.995 else f"{100 * value:.0f} %"
