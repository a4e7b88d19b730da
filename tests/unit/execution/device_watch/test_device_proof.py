import pytest

from dtf.domain import proof
from dtf.domain.outcome import Outcome
from dtf.domain.shard import AttemptResult
from dtf.execution.device_watch.evidence import Evidence
from dtf.execution.guardian.device_proof import with_evidence

_SEEN = Evidence(proven=True, sentence="process 1 was seen on GPU-1")
_ELSEWHERE = Evidence(sentence="process 1 was seen on GPU-1", elsewhere="process 2 was seen on GPU-2")


def result(outcome: Outcome, **words: str) -> AttemptResult:
    """An attempt's result with these words of proof."""
    return AttemptResult(shard_id="s", attempt=1, worker_id="w", slot=0, outcome=outcome, reason="why", proof=words)


def test_what_was_seen_is_added_to_what_is_known() -> None:
    """The executor's own evidence stays, and the outcome is not touched."""
    found = with_evidence(result(Outcome.FAILED, evidence="12 nodes on CUDA"), _SEEN)
    assert found.outcome is Outcome.FAILED
    assert found.proof[proof.EVIDENCE] == "12 nodes on CUDA; process 1 was seen on GPU-1"
    assert with_evidence(result(Outcome.PASSED), _SEEN).proof == {proof.EVIDENCE: "process 1 was seen on GPU-1"}


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.FAILED, Outcome.ERROR, Outcome.TIMEOUT])
def test_a_result_from_elsewhere_is_none(outcome: Outcome) -> None:
    """Passed or failed, it says nothing about this hardware."""
    found = with_evidence(result(outcome), _ELSEWHERE)
    assert (found.outcome, found.reason) == (Outcome.INFRA, "ran elsewhere: process 2 was seen on GPU-2")
    assert found.proof == {proof.ELSEWHERE: "process 2 was seen on GPU-2"}


@pytest.mark.parametrize("outcome", [Outcome.INFRA, Outcome.CANCELLED])
def test_what_is_no_result_stays_what_it_is(outcome: Outcome) -> None:
    """An attempt that crashed or was called off keeps its reason, so that it is treated by that."""
    assert with_evidence(result(outcome), _ELSEWHERE) == result(outcome)


def test_nothing_seen_changes_nothing() -> None:
    """Not proven is no failure."""
    assert with_evidence(result(Outcome.PASSED), Evidence(why_not="a container")) == result(Outcome.PASSED)
