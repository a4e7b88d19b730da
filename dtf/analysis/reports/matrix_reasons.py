"""Why cells of the matrix say something else than supported."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from dtf.analysis.matrix.column import Column
from dtf.analysis.matrix.matrix import Matrix
from dtf.analysis.matrix.verdict import Verdict

#: How many rows are named for one reason.
_MOST_ROWS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """A reason that rows of a column have in common.

    Attributes:
        column: The column.
        verdict: What they say there.
        reason: Why.
        rows: Their names, at least one.
    """

    column: Column
    verdict: Verdict
    reason: str
    rows: tuple[str, ...]

    @property
    def row_words(self) -> str:
        """The rows by name, the first few of many."""
        more = len(self.rows) - _MOST_ROWS
        return ", ".join(self.rows[:_MOST_ROWS]) + (f" and {more} more" if more > 0 else "")


def reasons(matrix: Matrix, rows: Iterable[str], told: Collection[tuple[str, Column]] = ()) -> list[Why]:
    """The reasons by column.

    Args:
        matrix: The matrix.
        rows: The rows that are asked about.
        told: The cells, by row and column, whose reason is told already.
    """
    found: dict[tuple[Column, Verdict, str], list[str]] = {}
    rows = list(rows)
    for column in matrix.columns:
        for row in rows:
            cell = matrix.cells.get((row, column))
            if cell and cell.reason and (row, column) not in told:
                found.setdefault((column, cell.verdict, cell.reason), []).append(row)
    return [
        Why(column=column, verdict=verdict, reason=reason, rows=tuple(its))
        for (column, verdict, reason), its in found.items()
    ]
