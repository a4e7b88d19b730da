from dataclasses import replace

import pytest

from dtf.analysis.reports.record import RunRecord
from dtf.cli.running.verdict import exit_status
from dtf.cli.running.watch import Ending
from dtf.domain.outcome import Outcome
from dtf.domain.ports.views import JobView
from dtf.domain.shard import JobState
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import CommandWork, JobSpec, PytestWork, Work
from tests.unit.cli.test_watch import PASSED, RUNNING


def record(
    outcome: Outcome | None, ended_by: Outcome | None = None, work: Work | None = None, expected: int = 5
) -> RunRecord:
    """A run of one job."""
    run = replace(PASSED, outcome=outcome, ended_by=ended_by) if outcome else RUNNING
    source = Source(kind=SourceKind.PATH, location="/x")
    job = JobView(
        job_id="j1",
        run_id="r1",
        spec=JobSpec(name="n", work=work or PytestWork(), source=source),
        state=JobState.FINISHED,
        outcome=outcome,
        reason="",
        created_at=0.0,
        started_at=None,
        finished_at=None,
        shards={},
        cases={},
        expected=expected,
    )
    return RunRecord(run=run, jobs=(job,), attempts=(), cases=lambda _job, _outcomes: ())


@pytest.mark.parametrize(
    ("found", "ending", "no_capacity", "status"),
    [
        (record(Outcome.PASSED), Ending.FINISHED, False, 0),
        (record(Outcome.SKIPPED), Ending.FINISHED, False, 0),
        (record(Outcome.FAILED), Ending.FINISHED, False, 1),
        (record(Outcome.TIMEOUT), Ending.FINISHED, False, 1),
        (record(Outcome.ERROR), Ending.FINISHED, False, 1),
        (record(Outcome.ERROR, expected=0), Ending.FINISHED, False, 2),
        (record(Outcome.ERROR, work=CommandWork(argv=("x",)), expected=0), Ending.FINISHED, False, 1),
        (record(Outcome.EMPTY), Ending.FINISHED, False, 5),
        (record(Outcome.INFRA), Ending.FINISHED, False, 10),
        (record(Outcome.TIMEOUT, Outcome.TIMEOUT), Ending.FINISHED, False, 12),
        (record(Outcome.TIMEOUT, Outcome.TIMEOUT), Ending.FINISHED, True, 11),
        (record(Outcome.CANCELLED, Outcome.CANCELLED), Ending.TIME_LIMIT, False, 12),
        (record(Outcome.CANCELLED, Outcome.CANCELLED), Ending.TIME_LIMIT, True, 11),
        (record(None), Ending.TIME_LIMIT, False, 12),
        (record(Outcome.CANCELLED, Outcome.CANCELLED), Ending.FINISHED, False, 13),
        (record(Outcome.CANCELLED, Outcome.CANCELLED), Ending.INTERRUPTED, False, 13),
        (record(None), Ending.INTERRUPTED, False, 13),
        (record(Outcome.PASSED), Ending.INTERRUPTED, False, 0),
        (record(Outcome.PASSED), Ending.TIME_LIMIT, False, 0),
        (record(None), Ending.BROKEN, False, 10),
        (record(None), Ending.NO_CAPACITY, False, 11),
        (record(Outcome.FAILED, Outcome.CANCELLED), Ending.NO_CAPACITY, True, 11),
        (record(Outcome.PASSED), Ending.NO_CAPACITY, False, 0),
        (record(None), Ending.UNREACHABLE, False, 10),
    ],
)
def test_the_exit_status_says_what_happened(found: RunRecord, ending: Ending, no_capacity: bool, status: int) -> None:
    """As pytest's where pytest has one; a run that finished by itself meanwhile keeps its own verdict."""
    assert exit_status(found, ending, no_capacity=no_capacity) == status
