"""The matrix as one JSON document."""

import json
import math
from collections.abc import Iterator

from dtf.analysis.matrix.cell import Cell
from dtf.analysis.matrix.column import Column
from dtf.analysis.matrix.difference import Difference
from dtf.analysis.matrix.matrix import Matrix
from dtf.analysis.reports.matrix_words import TOLD
from dtf.domain.codec import to_json

_Data = dict[str, object]


def matrix_json(matrix: Matrix) -> Iterator[str]:
    """The document, on one line."""
    yield json.dumps(matrix_data(matrix), allow_nan=False) + "\n"


def matrix_data(matrix: Matrix) -> _Data:
    """Runs, columns, rows, cells and differences. A cell names its row, and its column by number.

    Numbers that are not finite are the texts ``inf`` and ``nan``.
    """
    numbers = {column: number for number, column in enumerate(matrix.columns)}
    return {
        "reference": None if matrix.reference is None else numbers[matrix.reference],
        "runs": [
            {
                "run_id": run.run_id,
                "name": run.name,
                "outcome": None if run.outcome is None else str(run.outcome),
                "created_at": run.created_at,
                "labels": dict(run.labels),
                "missing": matrix.missing[run.run_id],
            }
            for run in matrix.runs
        ],
        "columns": [_column(matrix, column) for column in matrix.columns],
        "rows": list(matrix.rows),
        "cells": [
            {"row": row, "column": numbers[column], **_cell(matrix.cells[row, column])}
            for row in matrix.rows
            for column in matrix.columns
            if (row, column) in matrix.cells
        ],
        "differences": [_difference(difference, numbers) for difference in matrix.differences],
        "worse": len(matrix.regressions),
    }


def _column(matrix: Matrix, column: Column) -> _Data:
    totals, cases = matrix.totals(column), matrix.cases(column)
    facts: _Data = {**to_json(column), "title": column.title, "label": column.label}
    facts["rows"] = {str(verdict): totals[verdict] for verdict in TOLD if totals.get(verdict)}
    facts["cases"] = {str(verdict): cases[verdict] for verdict in TOLD if cases.get(verdict)}
    return facts


def _cell(cell: Cell) -> _Data:
    return {
        "verdict": str(cell.verdict),
        "standing": str(cell.standing),
        "cases": {str(verdict): count for verdict, count in cell.counts.items()},
        "largest_error": _number(cell.error),
        "tolerance": _number(cell.tolerance),
        "time_ratio": None if cell.ratio is None else round(cell.ratio, 3),
        "reason": cell.reason,
        "run_ids": list(cell.run_ids),
    }


def _difference(difference: Difference, numbers: dict[Column, int]) -> _Data:
    here = difference.here
    return {
        "row": here.row,
        "case": here.name,
        "column": numbers[here.column],
        "verdict": str(here.verdict),
        "reference_verdict": str(difference.reference),
        "largest_error": _number(here.error),
        "tolerance": _number(here.tolerance),
        "reason": here.reason,
        "run_id": here.run_id,
    }


def _number(value: float | None) -> float | str | None:
    return value if value is None or math.isfinite(value) else str(value)
