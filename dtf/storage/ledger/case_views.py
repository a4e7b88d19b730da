"""Cases as commands and pages read them."""

from typing import Any

from sqlalchemy.engine import Row

from dtf.domain.case import CaseResult
from dtf.domain.outcome import CaseOutcome
from dtf.storage.ledger.json_text import load
from dtf.storage.ledger.schema import cases

#: The columns that ``placed_case_view`` reads: details and output may be megabytes a case.
placed_columns = [column for column in cases.c if column.name not in ("details", "output")]


def case_view(row: Row[Any]) -> CaseResult:
    """The case of a row of ``cases``."""
    return _case(row, row.details, row.output)


def placed_case_view(row: Row[Any]) -> tuple[str, int, CaseResult]:
    """Shard, attempt and case of a row of ``placed_columns``."""
    return row.shard_id, row.attempt, _case(row, "", "")


def _case(row: Row[Any], details: str, output: str) -> CaseResult:
    return CaseResult(
        ordinal=row.ordinal,
        nodeid=row.nodeid,
        outcome=CaseOutcome(row.outcome),
        phase=row.phase,
        duration_s=row.duration_s,
        message=row.message,
        details=details,
        output=output,
        started_at=row.started_at,
        crashes=row.crashes,
        properties=load(row.properties),
    )
