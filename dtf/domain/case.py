"""One test's outcome."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dtf.domain.outcome import CaseOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What one test came to in an attempt.

    Attributes:
        ordinal: Its place in the manifest.
        nodeid: pytest's node id.
        outcome: The verdict.
        phase: Where it was decided: setup, call or teardown.
        duration_s: Set-up, call and teardown together, in seconds.
        message: The last line of the failure, or the reason of a skip or an expected failure.
        details: The failure as pytest prints it; capped.
        output: Captured output as pytest prints it, with section titles; capped.
        started_at: Seconds since the epoch, on the worker's clock.
        crashes: How often the process died under it before this result.
        properties: What the test recorded with pytest's ``record_property``; capped.
    """

    ordinal: int
    nodeid: str
    outcome: CaseOutcome
    phase: str = "call"
    duration_s: float = 0.0
    message: str = ""
    details: str = ""
    output: str = ""
    started_at: float = 0.0
    crashes: int = 0
    properties: Mapping[str, str] = field(default_factory=dict, hash=False)
