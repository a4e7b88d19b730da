"""What a cell of the matrix, and each case in it, comes to."""

from collections.abc import Mapping
from enum import StrEnum

from dtf.domain.case import CaseResult
from dtf.domain.outcome import CaseOutcome
from dtf.domain.proof import Standing


class Verdict(StrEnum):
    """What a case or a cell says."""

    SUPPORTED = "supported"
    #: Of a cell alone: some of its cases are supported, the others unsupported.
    PARTLY = "in part"
    #: Skipped, with a reason.
    UNSUPPORTED = "unsupported"
    #: The result is off by more than its tolerance.
    WRONG = "wrong"
    #: It failed in another way.
    FAILED = "failed"
    #: It did not run on the hardware that it names.
    ELSEWHERE = "ran elsewhere"
    #: It passed on fallback hardware, which says nothing about what was asked for.
    DEGRADED = "degraded"
    NOT_RUN = "not run"


#: What decides over a cell, the gravest first.
GRAVITY = (
    Verdict.WRONG,
    Verdict.FAILED,
    Verdict.ELSEWHERE,
    Verdict.DEGRADED,
    Verdict.SUPPORTED,
    Verdict.UNSUPPORTED,
    Verdict.NOT_RUN,
)

#: What speaks against the hardware, or leaves open what was to be shown of it.
BAD = frozenset((Verdict.WRONG, Verdict.FAILED, Verdict.ELSEWHERE, Verdict.DEGRADED))

#: The properties in which a test tells its largest error and what it may be.
ERROR, TOLERANCE = "largest_error", "tolerance"

_PASSED = (CaseOutcome.PASSED, CaseOutcome.XPASSED)


def of_case(case: CaseResult, standing: Standing) -> Verdict:
    """What one test says. A known difference (an expected failure) is one as much as an unknown."""
    if standing is Standing.ELSEWHERE:
        return Verdict.ELSEWHERE
    if case.outcome in _PASSED:
        return Verdict.DEGRADED if standing is Standing.DEGRADED else Verdict.SUPPORTED
    if case.outcome is CaseOutcome.SKIPPED:
        return Verdict.UNSUPPORTED
    if case.outcome is CaseOutcome.INFRA:
        return Verdict.NOT_RUN
    error, tolerance = number(case.properties, ERROR), number(case.properties, TOLERANCE)
    return Verdict.WRONG if exceeds(error, tolerance) else Verdict.FAILED


def exceeds(error: float | None, tolerance: float | None) -> bool:
    """Whether an error is larger than it may be; NaN is."""
    return error is not None and tolerance is not None and not error <= tolerance


def of_cell(counts: Mapping[Verdict, int]) -> Verdict:
    """What a cell says, from how many of its cases say what."""
    gravest = next((verdict for verdict in GRAVITY if counts.get(verdict)), Verdict.NOT_RUN)
    if gravest is Verdict.SUPPORTED and counts.get(Verdict.UNSUPPORTED):
        return Verdict.PARTLY
    return gravest


def number(properties: Mapping[str, str], name: str) -> float | None:
    """A property as a number; None where it is missing or none."""
    try:
        return float(properties[name])
    except (KeyError, ValueError):
        return None
