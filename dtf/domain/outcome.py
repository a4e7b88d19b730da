"""The verdicts, and how many become one."""

from collections.abc import Iterable
from enum import StrEnum


class Outcome(StrEnum):
    """The verdict on a shard, a job or a run."""

    #: Everything that ran, passed (skips and expected failures included).
    PASSED = "passed"
    #: The code under test failed.
    FAILED = "failed"
    #: Everything was skipped.
    SKIPPED = "skipped"
    #: The test could not be carried out for a reason that is its own: it crashed, or could not be collected.
    ERROR = "error"
    #: The infrastructure failed, not the code under test.
    INFRA = "infra"
    #: A time limit was reached.
    TIMEOUT = "timeout"
    #: Somebody, or a limit on failures, ended it.
    CANCELLED = "cancelled"
    #: A suite in which there was no test to run. Never passed.
    EMPTY = "empty"


class CaseOutcome(StrEnum):
    """The verdict on one test."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    ERROR = "error"
    XFAILED = "xfailed"
    XPASSED = "xpassed"
    TIMEOUT = "timeout"
    #: Its worker was lost too often before it could report.
    INFRA = "infra"


#: What counts for ``--maxfail``.
FAILURES = frozenset((CaseOutcome.FAILED, CaseOutcome.ERROR, CaseOutcome.TIMEOUT))

_GRAVITY = (
    Outcome.CANCELLED,
    Outcome.INFRA,
    Outcome.ERROR,
    Outcome.TIMEOUT,
    Outcome.FAILED,
    Outcome.PASSED,
    Outcome.SKIPPED,
    Outcome.EMPTY,
)

_OF_CASE = {
    CaseOutcome.PASSED: Outcome.PASSED,
    CaseOutcome.XFAILED: Outcome.PASSED,
    # as pytest counts it: an unexpected pass that is not strict fails nothing
    CaseOutcome.XPASSED: Outcome.PASSED,
    CaseOutcome.FAILED: Outcome.FAILED,
    CaseOutcome.ERROR: Outcome.FAILED,
    CaseOutcome.SKIPPED: Outcome.SKIPPED,
    CaseOutcome.TIMEOUT: Outcome.TIMEOUT,
    CaseOutcome.INFRA: Outcome.INFRA,
}


def gravest(outcomes: Iterable[Outcome]) -> Outcome:
    """The verdict on a whole from those on its parts; ``EMPTY`` when there are none."""
    seen = set(outcomes)
    return next((outcome for outcome in _GRAVITY if outcome in seen), Outcome.EMPTY)


def outcome_of_cases(cases: Iterable[CaseOutcome]) -> Outcome:
    """The verdict on a shard from its cases, counted as pytest counts them."""
    return gravest(_OF_CASE[case] for case in cases)
