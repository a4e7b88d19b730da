"""How a cell of the matrix is put into words, the same in every format."""

import math
from collections.abc import Mapping

from dtf.analysis.matrix.cell import Cell
from dtf.analysis.matrix.matrix import Matrix
from dtf.analysis.matrix.verdict import Verdict
from dtf.domain.proof import Standing

#: The verdicts in the order in which totals are told.
TOLD = (
    Verdict.SUPPORTED,
    Verdict.PARTLY,
    Verdict.WRONG,
    Verdict.FAILED,
    Verdict.ELSEWHERE,
    Verdict.DEGRADED,
    Verdict.UNSUPPORTED,
    Verdict.NOT_RUN,
)

#: What a cell says in which something ran.
_RAN = frozenset((Verdict.SUPPORTED, Verdict.PARTLY, Verdict.WRONG, Verdict.FAILED))


def verdict_words(cell: Cell | None) -> str:
    """``5 of 7 supported``, ``unsupported``, ``2 of 7 wrong``; the counts are left out where there is one case."""
    if cell is None:
        return str(Verdict.NOT_RUN)
    verdict = cell.verdict
    count = cell.counts.get(Verdict.SUPPORTED if verdict is Verdict.PARTLY else verdict, 0)
    word = str(Verdict.SUPPORTED if verdict is Verdict.PARTLY else verdict)
    return word if cell.cases == 1 else f"{count} of {cell.cases} {word}"


def error_words(cell: Cell) -> str:
    """``error 0.86 (tolerance 0.001)`` of a cell that is wrong; empty otherwise."""
    if cell.verdict is not Verdict.WRONG or cell.error is None:
        return ""
    return f"error {figure(cell.error)} (tolerance {figure(cell.tolerance)})"


def cell_words(cell: Cell | None, matrix: Matrix) -> str:
    """Everything that a cell says but for its reason, on one line."""
    if cell is None:
        return str(Verdict.NOT_RUN)
    told = (verdict_words(cell), error_words(cell), cell.speed, unproven(cell), run_words(cell, matrix))
    return ", ".join(filter(None, told))


def run_words(cell: Cell, matrix: Matrix) -> str:
    """``run r1``, ``runs r1 and r2``; empty where there is but one."""
    if len(matrix.runs) < 2:
        return ""
    return f"run{'s' if len(cell.run_ids) > 1 else ''} {' and '.join(cell.run_ids)}"


def unproven(cell: Cell) -> str:
    """``not proven`` where something ran and nothing shows that it ran there; empty otherwise."""
    return str(Standing.NOT_PROVEN) if cell.standing is Standing.NOT_PROVEN and cell.verdict in _RAN else ""


def total_words(counts: Mapping[Verdict, int]) -> str:
    """``12 supported, 3 wrong``; ``nothing`` where there is nothing."""
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in TOLD if counts.get(verdict)) or "nothing"


def figure(value: float | None) -> str:
    """Three digits of a number; ``inf`` and ``nan`` as they are, ``-`` when unknown."""
    if value is None:
        return "-"
    return f"{value:.3g}" if math.isfinite(value) else str(value)
