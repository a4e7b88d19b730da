"""Cases out of a runner's events, and out of its death."""

from dtf.domain.case import CaseResult
from dtf.domain.manifest import ManifestItem
from dtf.domain.outcome import CaseOutcome
from dtf.execution.host.line_channel import Message


def reported(message: Message, crashes: int) -> CaseResult:
    """The case that a runner reports."""
    return CaseResult(
        ordinal=message["ordinal"],
        nodeid=message["nodeid"],
        outcome=CaseOutcome(message["outcome"]),
        phase=message["phase"],
        duration_s=float(message.get("duration_s", 0.0)),
        message=message["message"],
        details=message.get("details", ""),
        output=message.get("output", ""),
        started_at=message["started_at"],
        crashes=crashes,
        properties=message.get("properties", {}),
    )


def broken(
    ordinal: int,
    item: ManifestItem,
    message: str,
    *,
    outcome: CaseOutcome = CaseOutcome.ERROR,
    details: str = "",
    output: str = "",
    started_at: float = 0.0,
    duration_s: float = 0.0,
    crashes: int = 0,
) -> CaseResult:
    """The case of a test that could not report itself."""
    return CaseResult(
        ordinal=ordinal,
        nodeid=item.nodeid,
        outcome=outcome,
        phase="call",
        duration_s=duration_s,
        message=message,
        details=details,
        output=output,
        started_at=started_at,
        crashes=crashes,
    )
