"""What a page's report comes to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dtf.domain.outcome import Outcome
from dtf.domain.shard import Metric
from dtf.execution.browser_host.page_mailbox import PageCase, PageMailbox, Verdict

_BAD = (Outcome.FAILED, Outcome.ERROR)
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What came in place of a page's verdict."""

    outcome: Outcome
    reason: str


def settle(mailbox: PageMailbox, ending: Ending | None) -> tuple[Outcome, str]:
    """The outcome and its reason, of what came in place of a verdict or, where nothing did, of the verdict.

    A pass does not stand against an uncaught error before it, nor against a case that failed.
    """
    if ending is not None:
        return ending.outcome, ending.reason
    return judge(mailbox.said.result(), mailbox.cases)


def judge(verdict: Verdict, cases: Sequence[PageCase]) -> tuple[Outcome, str]:
    """The outcome and its reason, of a verdict and the cases before it."""
    if verdict.outcome is Outcome.FAILED:
        return Outcome.FAILED, verdict.message or "the page says so"
    if verdict.uncaught:
        return Outcome.FAILED, f"uncaught before the report: {verdict.uncaught[0]}"
    if bad := [case for case in cases if case.outcome in _BAD]:
        names = "; ".join(f"{case.name}: {case.message}" if case.message else case.name for case in bad[:_NAMED])
        return Outcome.FAILED, f"{len(bad)} of {len(cases)} cases failed: {names}"[:2000]
    if verdict.outcome is Outcome.PASSED:
        return Outcome.PASSED, ""
    if not cases:
        return Outcome.ERROR, "dtf.done() came without any dtf.case(): nothing was tested"
    if all(case.outcome is Outcome.SKIPPED for case in cases):
        return Outcome.SKIPPED, "all cases were skipped"
    return Outcome.PASSED, ""


def count_cases(cases: Sequence[PageCase]) -> tuple[Metric, ...]:
    """How many cases had which outcome, as metrics; none without cases."""
    counts = Counter(case.outcome for case in cases)
    return tuple(Metric(name=f"cases_{outcome}", value=count, unit="") for outcome, count in sorted(counts.items()))
