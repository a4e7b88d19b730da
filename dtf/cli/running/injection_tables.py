"""Injected failures as people read them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from dtf.analysis.injected import COUNTED, injection_counts
from dtf.cli.terminal.table import table

if TYPE_CHECKING:
    from dtf.execution.injector.catalogue import Listed

_LIST = ("failure", "for", "there", "how", "a breaker is told")
_COUNTS = ("injection", "met", "confirmed", "told to a breaker", "refused")


def list_lines(found: "Mapping[str, Iterable[Listed]]", width: int) -> list[str]:
    """A table of which failures exist for which target."""
    rows = [
        (
            str(row.fault),
            target,
            "no" if row.unavailable else "yes",
            row.unavailable or row.mechanism,
            "once" if row.fault.recorded and not row.unavailable else "no",
        )
        for target, listed in found.items()
        for row in listed
    ]
    return table(_LIST, rows, width)


def counts_lines(told: Sequence[Mapping[str, object]], width: int) -> list[str]:
    """A table of what jobs met on purpose, by failure."""
    if not told:
        return ["no job has met a failure on purpose"]
    rows = [(name, *(str(counts[counted]) for counted in COUNTED)) for name, counts in injection_counts(told).items()]
    return table(_COUNTS, rows, width)


def record_lines(browser: str, record: Mapping[str, object]) -> list[str]:
    """What became of one failure in a browser."""
    head = f"{browser}: {record['failure']} {record['intensity']}"
    wrong = record.get("wrong")
    problems = [f"  wrong: {'; '.join(map(str, wrong))}"] if isinstance(wrong, list) and wrong else []
    if "mechanism" not in record:
        return [head, *problems]
    tried = record["did_not_help"]
    in_vain = f"; {', '.join(map(str, tried))} did not" if isinstance(tried, list) and tried else ""
    helped = record["recovered_by"] or "nothing"
    return [
        f"{head}: {record['mechanism']}",
        f"  confirmed: {record['observed'] or 'no'}: {record['observation']}",
        f"  a job sees: {record['noticed'] or 'nothing'}",
        f"  recovered by: {helped} after {record['recovery_s']} s, as {record['because']}{in_vain}",
        f"  cleared: {record['cleared'] or 'no'}",
        *problems,
    ]
