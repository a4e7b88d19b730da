"""Stays with a submitted run and tells what came of it."""

from dataclasses import dataclass
from pathlib import Path

from dtf.analysis.measures import measures_of
from dtf.analysis.reports.junit import junit
from dtf.analysis.reports.record import RunRecord, counts, named_notes, summary
from dtf.analysis.reports.standings import standings
from dtf.cli import exits, interruption
from dtf.cli.running.capacity import is_served, untaken
from dtf.cli.running.failures import count_words
from dtf.cli.running.gather import gather
from dtf.cli.running.host import Host
from dtf.cli.running.interrupts import Interrupts
from dtf.cli.running.ledger_clock import LedgerClock
from dtf.cli.running.measures import print_measures
from dtf.cli.running.outlook import Outlook
from dtf.cli.running.progress import make_progress
from dtf.cli.running.report_file import write_report
from dtf.cli.running.stay import Stay
from dtf.cli.running.summary import print_failed_jobs, print_summary
from dtf.cli.running.verdict import exit_status
from dtf.cli.running.watch import Ending, Watch, Watched
from dtf.cli.terminal.output import Output
from dtf.domain.clock import SystemClock
from dtf.domain.errors import DtfError
from dtf.domain.escape import one_line
from dtf.domain.outcome import Outcome

_LEFT = "left at once; a run that still goes on is cancelled as soon as the silence of this command is noticed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """How a command stays with a run.

    Attributes:
        attached: Whether the run ends with the command; otherwise an interrupt ends the waiting alone.
        limit_s: The run's time limit, in seconds from now; None: none.
        junit: Where the JUnit report goes; None: nowhere.
        quiet: Whether to leave out everything but outcome and counts.
    """

    attached: bool = True
    limit_s: float | None = None
    junit: Path | None = None
    quiet: bool = False


def follow(run_id: str, host: Host, output: Output, following: Following) -> int:
    """Watch a run to its end, report it, and return the exit status."""
    watched = _watch(run_id, host, output, following)
    if watched.ending is Ending.UNREACHABLE or watched.run is None:
        return _unreachable(run_id, output)
    try:
        record = gather(host.ledger.views, run_id, host.workers * len(host.tags) if host.is_embedded else 0)
        return _conclude(record, watched, host, output, following)
    except DtfError as error:
        if error.exit_code != exits.INFRASTRUCTURE:
            raise
        return _unreachable(run_id, output, f": {error}")


def _watch(run_id: str, host: Host, output: Output, following: Following) -> Watched:
    ledger = host.ledger
    clock = LedgerClock(ledger.views, SystemClock())
    progress = make_progress(output, clock)
    stay = None
    if following.attached:
        interruption.part_with(_LEFT)
    if host.membership is not None:
        if following.attached:
            host.membership.attach(run_id)
        stay = Stay(host, run_id=run_id if following.attached else "", clock=clock)
    try:
        with Interrupts() as interrupts:
            watch = Watch(
                run_id,
                views=ledger.views,
                submissions=ledger.submissions,
                progress=progress,
                interrupts=interrupts,
                clock=clock,
                attached_s=host.settings.attached_s if following.attached else 0.0,
                limit_s=following.limit_s,
            )
            if stay is not None:
                outlook = Outlook(ledger.views, clock)
                watch.tend, watch.patience.starting = stay.tend, outlook.starting
                if following.attached:  # who submits and waits may want to start a worker meanwhile
                    watch.hopeless = outlook.hopeless
            watch.cancels = following.attached
            return watch.until_over()
    finally:
        progress.close()


def _conclude(record: RunRecord, watched: Watched, host: Host, output: Output, following: Following) -> int:
    workers = host.ledger.views.workers()
    idle = untaken(record.jobs, workers)
    if watched.ending is Ending.NO_CAPACITY:
        shards = (shard for job in record.jobs for shard in host.ledger.views.shards(job.job_id))
        cancelled = (shard.queue for shard in shards if shard.outcome is Outcome.CANCELLED)
        idle = list(dict.fromkeys([*idle, *(queue for queue in cancelled if not is_served(queue, workers))]))
    status = exit_status(record, watched.ending, no_capacity=bool(idle))
    if following.junit is not None:
        write_report(following.junit, junit(record))
    found = measures_of(record.jobs, record.attempts, record.metrics)
    if following.quiet:
        output.line(f"run {record.run.run_id}: {record.run.outcome or 'unfinished'}: {count_words(counts(record))}")
        print_failed_jobs(record, output)
    else:
        print_measures(found, output)
        print_summary(record, host.ledger.views, output)
    for remark in named_notes(record):
        output.note(f"note: {one_line(remark, 1000)}")
    if status == exits.NO_CAPACITY:
        output.note(f"dtf: no worker serves {', '.join(idle)}")
    if not watched.let_go:
        goes_on = watched.ending is Ending.INTERRUPTED and not following.attached
        detached = "the run goes on as long as there is a cluster (dtf up keeps one)"
        output.note("dtf: " + (detached if goes_on else "the workers have not let go of everything yet"))
    measured = {"measures": [one.as_json() for one in found]} if found else {}
    told = {**summary(record), "standings": standings(record), **measured}
    output.data({**told, "exit_code": status, "unserved": idle})
    return status


def _unreachable(run_id: str, output: Output, why: str = "") -> int:
    output.data({"run_id": run_id, "error": "the database cannot be reached", "exit_code": exits.INFRASTRUCTURE})
    output.note(f"dtf: gave up on the database{why}; when it is back: dtf status {run_id}")
    return exits.INFRASTRUCTURE
