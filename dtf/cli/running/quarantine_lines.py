"""What is in quarantine, on a terminal and as data."""

from collections.abc import Iterable, Sequence

from dtf.analysis.holding import Quarantined
from dtf.cli.terminal.figures import duration
from dtf.domain.escape import one_line

_ENDS = "It ends when a canary passes there, or by: dtf breakers close TARGET"


def quarantine_lines(found: Sequence[Quarantined], now: float) -> list[str]:
    """A line for each, with who, since when and why, and one on how it ends; nothing where there is none."""
    lines = [
        one_line(
            f"in quarantine for {duration(max(0.0, now - one.since))}: {one.target} on {one.worker}"
            f" (slot{'s' if len(one.slots) != 1 else ''} {', '.join(map(str, one.slots))}): {one.reason}",
            500,
        )
        for one in found
    ]
    return [*lines, _ENDS] if lines else []


def quarantine_json(found: Iterable[Quarantined]) -> list[dict[str, object]]:
    """The same in JSON's types."""
    return [
        {
            "target": str(one.target),
            "worker": one.worker,
            "slots": list(one.slots),
            "since": one.since,
            "reason": one.reason,
        }
        for one in found
    ]
