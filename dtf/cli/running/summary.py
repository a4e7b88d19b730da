"""What ``dtf run`` prints when the run is over."""

from dtf.analysis.reports.record import RunRecord, counts
from dtf.analysis.reports.standings import standings
from dtf.analysis.standing import standing_line
from dtf.cli.running.failures import count_words, print_failures, print_short_summary, rule
from dtf.cli.running.gather import log_tail
from dtf.cli.running.verdict import is_uncollectable
from dtf.cli.terminal.figures import duration, plural
from dtf.cli.terminal.output import Output
from dtf.domain.escape import block, one_line
from dtf.domain.outcome import Outcome
from dtf.domain.ports.views import JobView, Views
from dtf.domain.work import JobKind

#: How much of a command's output, or of a broken collection's, is shown.
_TAIL_BYTES = 65_536
_MOST_TAILS = 20
#: How many jobs that failed are named; ``dtf status`` has the rest.
_MOST_FAILED = 50

_FINE = (Outcome.PASSED, Outcome.SKIPPED)


def print_summary(record: RunRecord, views: Views, output: Output) -> None:
    """Write failures, counts, and how the makespan compares with what was possible."""
    if output.json_mode:
        return
    shown = _print_tails(record, views, output)
    print_failures(record, output)
    print_short_summary(record, output)
    for job in record.jobs:
        if job.reason and job.outcome not in _FINE:
            reason = one_line(unsaid(job.reason, shown.get(job.job_id, "")))
            output.line(f"{job.outcome or 'unfinished'}: {one_line(job.spec.name)}: {reason}")
    if line := standing_line(standings(record)):
        output.line(f"where it ran: {line}")
    output.line(_speed(record))
    missing = record.run.expected - sum(record.run.cases.values())
    words = count_words(counts(record)) + (f", {missing} not run" if missing > 0 else "")
    output.line(rule(f"{words} in {duration(record.took_s)}", "=", output.width))


def print_failed_jobs(record: RunRecord, output: Output) -> None:
    """Write one line for each job that failed, with the reason, or what became of its tests where it has none."""
    failed = [job for job in record.jobs if job.outcome not in (*_FINE, None)]
    for job in failed[:_MOST_FAILED]:
        reason = job.reason or (count_words(dict(job.cases)) if any(job.cases.values()) else "no reason was given")
        output.line(f"{job.outcome}: {one_line(job.spec.name, 200)}: {one_line(reason, 500)}")
    if len(failed) > _MOST_FAILED:
        output.line(f"... and {len(failed) - _MOST_FAILED} more jobs: dtf status {record.run.run_id}")


def _speed(record: RunRecord) -> str:
    run = record.run
    text = f"run {run.run_id}: {plural(run.attempts, 'attempt')}"
    if record.makespan_s is not None:
        text += f", makespan {duration(record.makespan_s)}"
    if record.lower_bound_s is None or record.makespan_s is None:
        return text
    text += f", lower bound {duration(record.lower_bound_s)}"
    if record.lower_bound_s >= 0.1:
        text += f" ({record.makespan_s / record.lower_bound_s:.2f} times)"
    return text


def once(text: str) -> str:
    """A text that says everything twice, said once: what pytest printed, and what dtf was told of it."""
    text = text.strip("\n")
    for gap in range(1, 4):
        half, rest = divmod(len(text) - gap, 2)
        if rest == 0 and half > 0 and text[:half] == text[-half:] and not text[half:-half].strip("\n"):
            return text[:half]
    return text


def unsaid(reason: str, shown: str) -> str:
    """The reason without its detail where that was shown right before.

    Args:
        reason: ``what went wrong: the detail``.
        shown: What was printed about it.
    """
    head, separator, detail = reason.partition(": ")
    return head if separator and detail.strip() and detail.strip() in shown else reason


def _print_tails(record: RunRecord, views: Views, output: Output) -> dict[str, str]:
    """Print what commands and broken collections wrote; return the collections' by job."""
    told: dict[str, str] = {}
    shown = [job for job in record.jobs if _has_tail(job) or is_uncollectable(record, job.job_id)]
    for job in shown[:_MOST_TAILS]:
        tail = log_tail(views, record.run.run_id, job.job_id, _TAIL_BYTES)
        if tail:
            output.line(rule(_title(job), "=", output.width))
            text = block(tail.decode("utf-8", "backslashreplace")).rstrip("\n")
            if job.spec.kind is JobKind.PYTEST:
                told[job.job_id] = text = once(text)
            output.line(text)
    if len(shown) > _MOST_TAILS:
        output.line(f"... and {len(shown) - _MOST_TAILS} more jobs: dtf logs {record.run.run_id}")
    return told


def _title(job: JobView) -> str:
    name = one_line(job.spec.name, 100)
    return f"ERROR collecting {name}" if job.spec.kind is JobKind.PYTEST else f"output of {name}"


def _has_tail(job: JobView) -> bool:
    """Whether what a job printed is shown: a command's always, others' when something was wrong."""
    if job.spec.kind is JobKind.COMMAND:
        return True
    return job.spec.kind is not JobKind.PYTEST and job.outcome not in _FINE
