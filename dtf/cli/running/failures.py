"""Prints failures as pytest users know them."""

from collections.abc import Iterable

from dtf.analysis.reports.record import BAD, RunRecord
from dtf.cli.terminal.figures import duration
from dtf.cli.terminal.output import Output
from dtf.domain.case import CaseResult
from dtf.domain.escape import block, one_line
from dtf.domain.outcome import CaseOutcome

#: How many failures are shown in full, and how many by name; ``dtf report`` has the rest.
MOST_IN_FULL = 100
MOST_BY_NAME = 1000

_ERRORS = (CaseOutcome.ERROR, CaseOutcome.INFRA)

#: How the source of a test or a fixture begins.
_SOURCE = ("def ", "async def ", "class ", "@")

#: The order and the words of pytest's last line.
_WORDS = ("failed", "passed", "skipped", "xfailed", "xpassed", "error", "timeout", "infra", "cancelled")


def print_failures(record: RunRecord, output: Output) -> None:
    """Write the sections ERRORS and FAILURES, with details and captured output."""
    bad = _first(record, MOST_IN_FULL)
    _section(output, "ERRORS", [case for case in bad if case.outcome in _ERRORS])
    _section(output, "FAILURES", [case for case in bad if case.outcome not in _ERRORS])


def print_short_summary(record: RunRecord, output: Output) -> None:
    """Write one line for each failure."""
    bad = _first(record, MOST_BY_NAME + 1)
    if not bad:
        return
    output.line(rule("short test summary info", "=", output.width))
    for case in sorted(bad[:MOST_BY_NAME], key=lambda case: case.outcome in _ERRORS):  # failures first, as pytest
        output.line(_short(case, output.width))
    if len(bad) > MOST_BY_NAME:
        total = sum(record.run.cases.get(name, 0) for name in BAD)
        output.line(f"... and {total - MOST_BY_NAME} more: dtf report {record.run.run_id} --format markdown")


def count_words(tally: dict[str, int]) -> str:
    """``3 failed, 120 passed, 1 error``, in pytest's order; ``no tests ran`` when there is nothing."""
    parts = [f"{tally[name]} {_plural(name, tally[name])}" for name in _WORDS if tally.get(name)]
    return ", ".join(parts) or "no tests ran"


def rule(title: str, char: str, width: int) -> str:
    """A line with a title in its middle."""
    return f" {title} ".center(width, char) if title else char * width


def _first(record: RunRecord, count: int) -> list[CaseResult]:
    found: list[CaseResult] = []
    for job in record.jobs:
        if sum(job.cases.get(name, 0) for name in BAD) == 0:
            continue
        for case in record.cases(job.job_id, BAD):
            if len(found) == count:
                return found
            found.append(case)
    return found


def _section(output: Output, title: str, cases: Iterable[CaseResult]) -> None:
    for index, case in enumerate(cases):
        if index == 0:
            output.line(rule(title, "=", output.width))
        output.line(rule(_title(case), "_", output.width))
        output.line()
        details = _as_pytest_indents(block(case.details).rstrip("\n")) or one_line(case.message or str(case.outcome))
        output.line(details)
        captured = block(case.output).rstrip("\n")
        if captured:
            output.line(captured)
        if case.outcome is CaseOutcome.TIMEOUT:
            output.line(f"(ended after {duration(case.duration_s)}, its time limit)")


def _as_pytest_indents(details: str) -> str:
    """The details with the indentation of a first line of source, which pytest's text of a report has lost."""
    return f"    {details}" if details.startswith(_SOURCE) else details


def _title(case: CaseResult) -> str:
    name = one_line(case.nodeid.partition("::")[2].replace("::", ".") or case.nodeid, 200)
    if case.outcome is CaseOutcome.ERROR and case.phase in ("setup", "teardown"):
        return f"ERROR at {case.phase} of {name}"
    return f"ERROR in {name}" if case.outcome in _ERRORS else name


def _short(case: CaseResult, width: int) -> str:
    line = f"{case.outcome.upper()} {one_line(case.nodeid, 1000)}"
    room = max(width, 80) - len(line) - 3
    message = one_line(case.message.strip().split("\n")[0], 300)
    if not message or room < 8:
        return line
    return f"{line} - {message}" if len(message) <= room else f"{line} - {message[: room - 3]}..."


def _plural(name: str, count: int) -> str:
    return "errors" if name == "error" and count != 1 else name
