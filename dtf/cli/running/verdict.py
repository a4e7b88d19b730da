"""The exit status of a command that waited for a run."""

from dtf.analysis.reports.record import RunRecord
from dtf.cli import exits
from dtf.cli.running.watch import Ending
from dtf.domain.outcome import Outcome
from dtf.domain.work import JobKind


def exit_status(record: RunRecord, ending: Ending, *, no_capacity: bool) -> int:
    """What the command ends with.

    Args:
        record: The run as it is now.
        ending: Why the watching ended.
        no_capacity: Whether a part of the run never began because nothing could take it.
    """
    run = record.run
    if ending in (Ending.UNREACHABLE, Ending.BROKEN):
        return exits.INFRASTRUCTURE
    if ending is Ending.NO_CAPACITY and (run.outcome is None or run.ended_by is not None):
        return exits.NO_CAPACITY
    if ending is Ending.INTERRUPTED and (run.outcome is None or run.ended_by is not None):
        return exits.CANCELLED
    if run.outcome is None or run.ended_by is Outcome.TIMEOUT or (ending is Ending.TIME_LIMIT and run.ended_by):
        return exits.NO_CAPACITY if no_capacity else exits.TIME_LIMIT
    if run.ended_by is Outcome.CANCELLED:
        return exits.CANCELLED
    if run.outcome is Outcome.ERROR and any(is_uncollectable(record, job.job_id) for job in record.jobs):
        return exits.BAD_INPUT
    return exits.OF_OUTCOME[run.outcome]


def is_uncollectable(record: RunRecord, job_id: str) -> bool:
    """Whether a job is a suite of which no test is known because its collection went wrong."""
    job = next(job for job in record.jobs if job.job_id == job_id)
    return job.outcome is Outcome.ERROR and job.spec.kind is JobKind.PYTEST and not job.expected
