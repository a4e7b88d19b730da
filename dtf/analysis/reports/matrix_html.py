"""The matrix as one page that needs nothing else: no script, style or image from anywhere."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from dtf.analysis.matrix.cell import Cell
from dtf.analysis.matrix.column import Column
from dtf.analysis.matrix.difference import Difference
from dtf.analysis.matrix.matrix import Matrix
from dtf.analysis.matrix.verdict import Verdict
from dtf.analysis.reports.markdown_text import visible
from dtf.analysis.reports.matrix_words import TOLD, error_words, figure, run_words, total_words, unproven, verdict_words

#: How a verdict looks; the page says it in words too.
_LOOKS = {
    Verdict.SUPPORTED: "good",
    Verdict.PARTLY: "part",
    Verdict.WRONG: "bad",
    Verdict.FAILED: "bad",
    Verdict.ELSEWHERE: "bad",
    Verdict.DEGRADED: "bad",
    Verdict.UNSUPPORTED: "none",
    Verdict.NOT_RUN: "none",
}

#: How many differences of a column are listed.
_MOST_DIFFERENCES = 1000
_LONGEST_REASON = 300
_LONGEST_NAME = 500

_Data = dict[str, object]


def matrix_html(matrix: Matrix) -> Iterator[str]:
    """The page in pieces."""
    title = "Matrix of " + ", ".join(visible(run.name or run.run_id)[:100] for run in matrix.runs[:3])
    yield from _template().generate(
        title=title if matrix.runs else "Matrix",
        runs=[_run(matrix, number) for number in range(len(matrix.runs))],
        columns=[_column(matrix, column) for column in matrix.columns],
        rows=[_row(matrix, row) for row in matrix.rows],
        groups=list(_groups(matrix)),
        has_reference=matrix.reference is not None,
    )


@cache
def _template() -> Template:
    loader = PackageLoader("dtf.analysis.reports")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("matrix.html")


def _run(matrix: Matrix, number: int) -> _Data:
    run = matrix.runs[number]
    date = datetime.fromtimestamp(run.created_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    outcome = str(run.outcome or "running")
    missing = matrix.missing[run.run_id]
    return {"id": run.run_id, "name": visible(run.name), "outcome": outcome, "date": date, "missing": missing}


def _column(matrix: Matrix, column: Column) -> _Data:
    totals = matrix.totals(column)
    shares = [{"look": _LOOKS[verdict], "count": totals[verdict]} for verdict in TOLD if totals.get(verdict)]
    return {
        "tag": column.tag,
        "marks": column.marks,
        "device": visible(column.device),
        "is_reference": column == matrix.reference,
        "shares": shares,
        "totals": total_words(totals),
        "cases": total_words(matrix.cases(column)),
    }


def _row(matrix: Matrix, row: str) -> _Data:
    cells = [_cell(matrix, row, column) for column in matrix.columns]
    verdicts = {matrix.verdict(row, column) for column in matrix.columns}
    return {"name": visible(row)[:_LONGEST_NAME], "cells": cells, "differs": len(verdicts) > 1}


def _cell(matrix: Matrix, row: str, column: Column) -> _Data:
    cell = matrix.cells.get((row, column))
    look = _LOOKS[matrix.verdict(row, column)]
    notes = list(_notes(matrix, cell)) if cell else []
    return {"look": look, "title": visible(column.label), "word": verdict_words(cell), "notes": notes}


def _notes(matrix: Matrix, cell: Cell) -> Iterator[str]:
    if error := error_words(cell):
        yield error
    if len(cell.counts) > 1:
        yield total_words(cell.counts)
    if cell.speed:
        yield cell.speed
    if words := unproven(cell):
        yield words
    if cell.reason:
        yield visible(cell.reason)[:_LONGEST_REASON]
    if run := run_words(cell, matrix):
        yield run


def _groups(matrix: Matrix) -> Iterator[_Data]:
    """The differences by column, the worse ones first."""
    for column, found in groupby(matrix.differences, key=lambda difference: difference.here.column):
        told = sorted(found, key=lambda difference: not difference.is_worse)
        worse = sum(difference.is_worse for difference in told)
        yield {
            "title": visible(column.label),
            "worse": worse,
            "others": len(told) - worse,
            "left_out": max(0, len(told) - _MOST_DIFFERENCES),
            "cases": [_case(difference) for difference in told[:_MOST_DIFFERENCES]],
        }


def _case(difference: Difference) -> Mapping[str, str]:
    here = difference.here
    return {
        "name": visible(here.title)[:_LONGEST_NAME],
        "reference": str(difference.reference),
        "verdict": str(here.verdict),
        "look": _LOOKS[here.verdict],
        "error": figure(here.error),
        "tolerance": figure(here.tolerance),
        "reason": visible(here.reason)[:_LONGEST_REASON],
    }
