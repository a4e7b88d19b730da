from dataclasses import replace

import pytest

from dtf.domain.failure import FailureType
from dtf.domain.outcome import Outcome
from dtf.domain.proof import ELSEWHERE
from dtf.domain.shard import AttemptResult, Finish, Requeue
from dtf.resilience.recovery import LONGEST_DELAY_S, decide


def _result(outcome: Outcome, *, crashed: bool = True, reason: str = "") -> AttemptResult:
    return AttemptResult(
        shard_id="s1", attempt=1, worker_id="w1", slot=0, outcome=outcome, crashed=crashed, reason=reason
    )


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.INFRA])
def test_a_verdict_of_the_code_under_test_is_never_retried(outcome: Outcome) -> None:
    """Only INFRA sends a shard out again; no retry hides a flaky test."""
    assert decide(_result(outcome), crashes=0, max_retries=3) == Finish()


def test_an_infra_failure_is_retried_as_often_as_the_job_allows() -> None:
    """A job with max_retries=3 begins four attempts when each of them is lost, with growing pauses."""
    decisions = [decide(_result(Outcome.INFRA), crashes=crashes, max_retries=3) for crashes in range(5)]

    delays = [decision.delay_s for decision in decisions if isinstance(decision, Requeue)]
    assert delays == [0.0, 1.0, 4.0]
    assert decisions[3:] == [Finish(failure=FailureType.UNKNOWN, exhausted=True)] * 2


def test_a_job_without_retries_finishes_at_its_first_infra_failure() -> None:
    """max_retries=0 means one attempt."""
    assert isinstance(decide(_result(Outcome.INFRA), crashes=0, max_retries=0), Finish)


def test_what_ran_elsewhere_is_told_at_once() -> None:
    """An attempt whose proof contradicts its tag is not tried again, however many retries the job has."""
    ran_elsewhere = replace(_result(Outcome.INFRA), proof={ELSEWHERE: "on the CPU"})
    assert decide(ran_elsewhere, crashes=0, max_retries=3) == Finish(failure=FailureType.UNKNOWN)
    drained = replace(ran_elsewhere, crashed=False)
    assert isinstance(decide(drained, crashes=0, max_retries=3), Requeue)


def test_an_attempt_that_did_not_crash_never_uses_up_a_retry() -> None:
    """A drained worker's shard goes back at once, whatever happened to it before."""
    decision = decide(_result(Outcome.INFRA, crashed=False), crashes=99, max_retries=0)

    assert isinstance(decision, Requeue)
    assert decision.delay_s == 0.0


def test_the_reason_of_the_loss_is_kept() -> None:
    """People read in the shard's story why it ran again."""
    decision = decide(_result(Outcome.INFRA, reason="the worker was killed"), crashes=0, max_retries=1)

    assert decision == Requeue(delay_s=0.0, level=1, reason="the worker was killed", failure=FailureType.CRASH)


def test_the_pause_before_a_retry_has_a_limit() -> None:
    """A job with many retries does not wait for ever."""
    decision = decide(_result(Outcome.INFRA), crashes=1000, max_retries=2000)

    assert isinstance(decision, Requeue)
    assert decision.delay_s == LONGEST_DELAY_S
