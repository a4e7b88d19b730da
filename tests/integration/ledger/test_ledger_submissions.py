import pytest

from dtf.domain.errors import BadInputError, IdempotencyConflictError
from dtf.domain.events import EventKind
from dtf.domain.outcome import Outcome
from dtf.domain.shard import JobState
from dtf.domain.specs import RunSpec
from dtf.storage.ledger import Ledger
from tests.integration.ledger.laboratory import Laboratory, cases, command, result, suite


def test_suite_and_command_get_one_shard_each(lab: Laboratory) -> None:
    """A suite begins with one collect shard, a command with one run shard; both are durable and told."""
    lab.submit(suite(), command())
    kinds = [shard.kind for shard in lab.ledger.control.waiting(10)]
    assert sorted(kinds) == ["collect", "run"]
    assert [job.state for job in lab.ledger.views.jobs(lab.run_id)] == [JobState.COLLECTING, JobState.RUNNING]
    assert EventKind.RUN_SUBMITTED in [event.kind for event in lab.ledger.control.pending_events(10)]


def test_job_spec_comes_back_as_it_was(lab: Laboratory) -> None:
    """What is claimed is what was submitted, odd characters included."""
    odd = command(name="nul \0 surrogate \udcff snow ☃")
    lab.submit(odd)
    assert lab.claim().job == odd
    assert lab.ledger.shards.job(lab.job_ids[0]) == odd


def test_repeat_with_same_key_gives_same_run(ledger: Ledger) -> None:
    """An idempotency key makes a repeat harmless."""
    spec = RunSpec(jobs=(command(), suite()), idempotency_key="k")
    first, second = ledger.submissions.submit(spec), ledger.submissions.submit(spec)
    assert (first.created, second.created) == (True, False)
    assert (first.run_id, first.job_ids) == (second.run_id, second.job_ids)
    assert len(ledger.views.runs()) == 1


def test_same_key_with_other_content_is_refused(ledger: Ledger) -> None:
    """The same key with another specification is an error and writes nothing."""
    ledger.submissions.submit(RunSpec(jobs=(command(),), idempotency_key="k"))
    with pytest.raises(IdempotencyConflictError, match="'k'"):
        ledger.submissions.submit(RunSpec(jobs=(suite(),), idempotency_key="k"))
    assert len(ledger.views.runs()) == 1


def test_run_without_jobs_is_refused(ledger: Ledger) -> None:
    """A run without jobs could never end."""
    with pytest.raises(BadInputError, match="at least one job"):
        ledger.submissions.submit(RunSpec(jobs=()))


def test_many_jobs_keep_their_order(lab: Laboratory) -> None:
    """Jobs that came in bulk (COPY on Postgres) stand in the order of the specification."""
    lab.submit(*(command(name=f"tab\tline\nback\\slash {n}") for n in range(60)))
    views = lab.ledger.views.jobs(lab.run_id)
    assert [view.job_id for view in views] == list(lab.job_ids)
    assert [view.spec.name for view in views] == [f"tab\tline\nback\\slash {n}" for n in range(60)]


def test_cancel_finishes_queued_and_marks_claimed(lab: Laboratory) -> None:
    """Queued shards are finished at once, claimed ones hear of it at their renewal; then the run is cancelled."""
    lab.submit(command("a"), command("b"))
    held = lab.claim()
    assert lab.ledger.submissions.cancel_run(lab.run_id, "enough") == 2
    assert lab.outcome is None
    assert lab.waiting() == []
    lab.record(result(held, Outcome.CANCELLED, reason="enough"))
    view = lab.ledger.views.run(lab.run_id)
    assert (view.outcome, view.reason, view.ended_by) == (Outcome.CANCELLED, "enough", Outcome.CANCELLED)
    assert lab.ledger.submissions.cancel_run(lab.run_id, "again") == 0


def test_cancel_while_planning_finishes_job(lab: Laboratory) -> None:
    """A job without any open shard, waiting for its plan, can be cancelled."""
    lab.submit(suite())
    lab.collect(3)
    lab.ledger.submissions.cancel_job(lab.job_ids[0], "no")
    assert lab.outcome is Outcome.CANCELLED
    assert lab.ledger.control.jobs_to_plan() == []


def test_cancelled_shard_is_not_requeued(lab: Laboratory) -> None:
    """A cancelled attempt that is then lost does not go out again."""
    lab.plan(2)
    held = lab.claim()
    lab.ledger.submissions.cancel_job(lab.job_ids[0], "no")
    assert lab.ledger.shards.release_worker("w1", "guardian lost") == 1
    assert lab.waiting() == []
    assert lab.outcome is Outcome.CANCELLED
    assert lab.ledger.views.audit(lab.run_id).excused == {held.job_id: frozenset({0, 1})}


def test_run_that_finished_in_spite_of_cancel_has_its_own_verdict(lab: Laboratory) -> None:
    """When the cancellation came too late to cut anything short, the run's verdict is that of its tests."""
    lab.plan(2)
    held = lab.claim()
    lab.ledger.submissions.cancel_run(lab.run_id, "too late")
    lab.record(result(held, Outcome.PASSED, cases(held)))
    view = lab.ledger.views.run(lab.run_id)
    assert (view.outcome, view.ended_by) == (Outcome.PASSED, None)
