"""``dtf retry``."""

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from dtf.analysis.reports.record import BAD
from dtf.cli.options import json_option
from dtf.cli.running.submission import Waiting, submit_run
from dtf.cli.session import ledger_session
from dtf.cli.terminal.output import Output
from dtf.domain.errors import BadInputError
from dtf.domain.manifest import Manifest
from dtf.domain.outcome import Outcome
from dtf.domain.ports.views import JobView, Views
from dtf.domain.specs import JobSpec, PytestWork, RunSpec

if TYPE_CHECKING:
    from dtf.bootstrap.ledger import Ledger

_FINE = (Outcome.PASSED, Outcome.SKIPPED)


@click.command("retry")
@click.argument("run", default="last")
@click.option("--failed", is_flag=True, help="Only what failed; required, because the rest needs no retry.")
@click.option("--wait", is_flag=True, help="Wait for the end; exits as dtf run does.")
@json_option
def command(run: str, failed: bool, wait: bool, as_json: bool) -> int:
    """Submit what failed in a run again, as a new run of its own.

    Tests that failed, broke or timed out run again with the same source, interpreter and options; so do commands that
    failed, and suites that could not be collected. The first run keeps its result.
    """
    if not failed:
        raise BadInputError("say what to retry: dtf retry RUN --failed")
    with ledger_session(as_json=as_json) as (_, settings, ledger):
        run_id = ledger.views.resolve_run(run)
        if ledger.views.run(run_id).outcome is None:
            raise BadInputError(f"run {run_id} is not finished")
        spec = _failed_part(ledger.views, run_id)
    if spec is None:
        raise BadInputError(f"nothing failed in run {run_id}")

    def build(_ledger: "Ledger") -> RunSpec:
        return spec

    queues = tuple(dict.fromkeys(job.queue for job in spec.jobs))
    return submit_run(settings, Output(json_mode=as_json), queues=queues, build=build, waiting=Waiting(wait=wait))


def _failed_part(views: Views, run_id: str) -> RunSpec | None:
    run = views.run(run_id)
    manifests = views.audit(run_id).manifests
    found = (_failed_job(views, job, manifests.get(job.job_id)) for job in views.jobs(run_id))
    jobs = tuple(spec for spec in found if spec is not None)
    labels = {**run.labels, "retry_of": run_id}
    return RunSpec(jobs=jobs, name=run.name, labels=labels) if jobs else None


def _failed_job(views: Views, job: JobView, manifest: Manifest | None) -> JobSpec | None:
    """A failed job's specification for what failed in it, without the failure that it may have met on purpose."""
    if job.outcome in _FINE or job.outcome is Outcome.EMPTY:
        return None
    work = job.spec.work
    if not isinstance(work, PytestWork) or manifest is None:
        return replace(job.spec, inject=None)
    # by their places: the ledger's cases hold node ids as text that every database takes
    nodeids = tuple(dict.fromkeys(manifest.items[case.ordinal].nodeid for case in views.cases(job.job_id, BAD)))
    only = replace(work, only=nodeids, max_failures=0) if nodeids else work
    return replace(job.spec, work=only, inject=None)
