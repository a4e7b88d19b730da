"""What ``dtf run`` prints when the run is over."""

from dtf.analysis.reports.record import RunRecord, counts
from dtf.cli.running.failures import count_words, print_failures, print_short_summary, rule
from dtf.cli.running.gather import log_tail
from dtf.cli.running.verdict import is_uncollectable
from dtf.cli.terminal.escape import block, one_line
from dtf.cli.terminal.figures import duration, plural
from dtf.cli.terminal.output import Output
from dtf.domain.outcome import Outcome
from dtf.domain.ports.views import JobView, Views
from dtf.domain.work import JobKind

#: How much of a command's output, or of a broken collection's, is shown.
_TAIL_BYTES = 65_536
_MOST_TAILS = 20

_FINE = (Outcome.PASSED, Outcome.SKIPPED)


def print_summary(record: RunRecord, views: Views, output: Output) -> None:
    """Write failures, counts, and how the makespan compares with what was possible."""
    if output.json_mode:
        return
    _print_tails(record, views, output)
    print_failures(record, output)
    print_short_summary(record, output)
    for job in record.jobs:
        if job.reason and job.outcome not in _FINE:
            output.line(f"{job.outcome or 'unfinished'}: {one_line(job.spec.name)}: {one_line(job.reason)}")
    output.line(_speed(record))
    missing = record.run.expected - sum(record.run.cases.values())
    words = count_words(counts(record)) + (f", {missing} not run" if missing > 0 else "")
    output.line(rule(f"{words} in {duration(record.makespan_s)}", "=", output.width))


def _speed(record: RunRecord) -> str:
    run = record.run
    text = f"run {run.run_id}: {plural(run.attempts, 'attempt')}, makespan {duration(record.makespan_s)}"
    if record.lower_bound_s is None or record.makespan_s is None:
        return text
    text += f", lower bound {duration(record.lower_bound_s)}"
    if record.lower_bound_s >= 0.1:
        text += f" ({record.makespan_s / record.lower_bound_s:.2f} times)"
    return text


def _print_tails(record: RunRecord, views: Views, output: Output) -> None:
    shown = [job for job in record.jobs if job.spec.kind is JobKind.COMMAND or is_uncollectable(record, job.job_id)]
    for job in shown[:_MOST_TAILS]:
        tail = log_tail(views, record.run.run_id, job.job_id, _TAIL_BYTES)
        if tail:
            output.line(rule(_title(job), "=", output.width))
            output.line(block(tail.decode("utf-8", "backslashreplace")).rstrip("\n"))
    if len(shown) > _MOST_TAILS:
        output.line(f"... and {len(shown) - _MOST_TAILS} more jobs: dtf logs {record.run.run_id}")


def _title(job: JobView) -> str:
    name = one_line(job.spec.name, 100)
    return f"output of {name}" if job.spec.kind is JobKind.COMMAND else f"ERROR collecting {name}"
