"""A page for a pull request or a wiki."""

import re
from collections.abc import Iterator

from dtf.analysis.reports.markdown_text import plain, visible
from dtf.analysis.reports.record import BAD, RunRecord, counts
from dtf.analysis.reports.standings import standings, where
from dtf.analysis.standing import standing_line
from dtf.domain.case import CaseResult
from dtf.domain.ports.views import JobView

#: How many failures a page lists, and how much of each it quotes.
_MOST_FAILURES = 100
_MOST_QUOTED = 4000


def markdown(record: RunRecord) -> Iterator[str]:
    """The report in pieces; joined they are one Markdown document."""
    run = record.run
    yield f"# {plain(run.name or 'Run')} {plain(run.run_id)}: {run.outcome or 'running'}\n\n"
    if run.reason:
        yield f"{plain(run.reason)}\n\n"
    for name, value in run.labels.items():
        yield f"- {plain(name)}: {plain(str(value))}\n"
    yield f"- attempts: {run.attempts}\n- from the submission to the end: {_seconds(record.took_s)}\n"
    yield f"- makespan: {_seconds(record.makespan_s)}\n- lower bound: {_seconds(record.lower_bound_s)}\n\n"
    tally = {name: count for name, count in counts(record).items() if count}
    yield "| outcome | cases |\n|---|---:|\n" + "".join(f"| {plain(k)} | {v} |\n" for k, v in tally.items())
    if line := standing_line(standings(record)):
        yield f"\nWhere it ran: {plain(line)}\n"
    yield "\n| job | hardware | device | state | outcome | cases |\n|---|---|---|---|---|---:|\n"
    yield from (_row(record, job) for job in record.jobs)
    yield from _failures(record)


def _row(record: RunRecord, job: JobView) -> str:
    names = (plain(job.spec.name), job.spec.hardware, plain(where(record, job)) or "-")
    cells = (*names, job.state, job.outcome or "-", sum(job.cases.values()))
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"


def _failures(record: RunRecord) -> Iterator[str]:
    left = _MOST_FAILURES
    for job in record.jobs:
        for case in record.cases(job.job_id, BAD):
            if left == _MOST_FAILURES:
                yield "\n## Failures\n"
            if left == 0:
                yield f"\nOnly the first {_MOST_FAILURES} are listed here.\n"
                return
            left -= 1
            yield from _failure(case)


def _failure(case: CaseResult) -> Iterator[str]:
    yield f"\n### {plain(case.nodeid[:500])}\n\n{case.outcome} in {case.phase}: {plain(case.message[:500])}\n"
    quoted = "\n".join(visible(line) for line in case.details[:_MOST_QUOTED].split("\n"))
    if quoted:
        fence = "`" * (max((len(run) for run in re.findall("`+", quoted)), default=0) + 3)
        yield f"\n{fence}\n{quoted}\n{fence}\n"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"
