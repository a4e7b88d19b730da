import pytest

from dtf.domain.outcome import Outcome
from dtf.execution.browser_host.page_mailbox import PageCase, Verdict
from dtf.execution.browser_host.page_verdict import count_cases, judge

_GOOD = PageCase(name="good", outcome=Outcome.PASSED)
_BAD = PageCase(name="bad", outcome=Outcome.ERROR, message="odd")
_LEFT_OUT = PageCase(name="left out", outcome=Outcome.SKIPPED)


@pytest.mark.parametrize(
    ("said", "cases", "outcome"),
    [
        (Verdict(outcome=Outcome.PASSED), [], Outcome.PASSED),
        (Verdict(outcome=Outcome.PASSED, uncaught=("oh",)), [], Outcome.FAILED),
        (Verdict(outcome=Outcome.PASSED), [_GOOD, _BAD], Outcome.FAILED),
        (Verdict(outcome=Outcome.FAILED), [_GOOD], Outcome.FAILED),
        (Verdict(outcome=None), [], Outcome.ERROR),
        (Verdict(outcome=None), [_GOOD, _LEFT_OUT], Outcome.PASSED),
        (Verdict(outcome=None), [_LEFT_OUT], Outcome.SKIPPED),
        (Verdict(outcome=None), [_GOOD, _BAD], Outcome.FAILED),
    ],
)
def test_a_pass_needs_more_than_being_said(said: Verdict, cases: list[PageCase], outcome: Outcome) -> None:
    """No pass stands against an uncaught error or a failed case, and done() without cases has tested nothing."""
    found, reason = judge(said, cases)
    assert found is outcome
    assert bool(reason) is (outcome is not Outcome.PASSED)


def test_cases_are_counted_by_outcome() -> None:
    """Each outcome that occurs is a metric."""
    counts = {metric.name: metric.value for metric in count_cases([_GOOD, _BAD, _BAD])}
    assert counts == {"cases_passed": 1, "cases_error": 2}
