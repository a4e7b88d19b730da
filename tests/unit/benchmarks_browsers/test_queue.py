from dtf.benchmarks.browsers.queue import MAX_RETRIES, MOST_ATTEMPTS, WaitingQueue
from dtf.domain.outcome import Outcome
from tests.unit.benchmarks_browsers.runs import a_job


def test_a_job_runs_again_after_dtfs_pauses_and_is_given_up_after_its_retries() -> None:
    """0, 1 and 4 s, and the fourth failure is the end; its waiting is counted meanwhile."""
    queue = WaitingQueue([a_job(0, 10.0)])
    assert not list(queue.ready(9.9))
    now_s, pauses = 10.5, []
    for _ in range(MAX_RETRIES + 1):
        (state,) = queue.ready(now_s)
        queue.start(state, now_s)
        assert not list(queue.ready(now_s))
        queue.end(state, now_s + 1, Outcome.INFRA, ())
        pauses.append(state.ready_s - (now_s + 1))
        now_s = state.ready_s if state.outcome is None else now_s
    assert pauses[:3] == [0.0, 1.0, 4.0]
    assert queue.is_done
    (record,) = queue.records(100.0)
    assert (record.outcome, record.attempts, record.charged, record.waited_s) == (Outcome.INFRA, 4, 4, 0.5)


def test_refunds_lengthen_a_jobs_life_to_twice_its_attempts() -> None:
    """Each attempt is given back, and still it ends."""
    queue = WaitingQueue([a_job(0, 0.0)])
    for attempt in range(MOST_ATTEMPTS):
        (state,) = queue.ready(1e6 + attempt)
        assert state.last == (attempt == MOST_ATTEMPTS - 1)
        queue.start(state, 1e6 + attempt)
        queue.end(state, 1e6 + attempt, Outcome.INFRA, (0,))
    assert queue.records(2e6)[0].charged == 0
    assert queue.is_done


def test_a_failed_assertion_is_a_verdict_and_another_jobs_refund_counts() -> None:
    """It is not retried; what an opening gives back goes to jobs that are not over."""
    queue = WaitingQueue([a_job(0, 0.0), a_job(1, 0.0)])
    first, second = list(queue.ready(0.0))
    queue.start(first, 0.0)
    queue.end(first, 1.0, Outcome.INFRA, ())
    queue.start(second, 0.0)
    queue.end(second, 2.0, Outcome.FAILED, (0, 1))
    assert (first.charged, second.outcome, second.ended_s) == (0, Outcome.FAILED, 2.0)
    assert not queue.is_done
