"""The matrix as a table for a pull request or a wiki."""

from collections.abc import Iterator, Sequence

from dtf.analysis.matrix.difference import Difference
from dtf.analysis.matrix.matrix import Matrix
from dtf.analysis.reports.markdown_text import plain
from dtf.analysis.reports.matrix_reasons import reasons
from dtf.analysis.reports.matrix_words import cell_words, figure, total_words

#: How many differences a page lists.
_MOST_DIFFERENCES = 200
_LONGEST_REASON = 200


def matrix_markdown(matrix: Matrix) -> Iterator[str]:
    """The matrix in pieces; joined they are one Markdown document."""
    yield "# Matrix\n\n"
    for run in matrix.runs:
        missing = f", {matrix.missing[run.run_id]} cases without a result" if matrix.missing[run.run_id] else ""
        yield f"- run {plain(run.run_id)} ({plain(run.name or 'unnamed')}): {run.outcome or 'running'}{missing}\n"
    for column in matrix.columns:
        of = " (the reference)" if column == matrix.reference else ""
        yield f"- **{plain(column.title)}**: {plain(column.device or 'no device named')}{of}: "
        yield f"{total_words(matrix.totals(column))}; cases: {total_words(matrix.cases(column))}\n"
    yield "\n| | " + " | ".join(plain(column.label) for column in matrix.columns) + " |\n"
    yield "|---|" + "---|" * len(matrix.columns) + "\n"
    for row in matrix.rows:
        cells = (plain(cell_words(matrix.cells.get((row, column)), matrix)) for column in matrix.columns)
        yield f"| {plain(row)} | " + " | ".join(cells) + " |\n"
    told = sorted(matrix.differences, key=lambda difference: not difference.is_worse)
    yield from _differences(matrix, told)
    yield from _reasons(matrix, told[:_MOST_DIFFERENCES])


def _differences(matrix: Matrix, told: Sequence[Difference]) -> Iterator[str]:
    if not told:
        return
    yield f"\n## Where it differs from the reference\n\n{len(matrix.regressions)} cases are worse than there, "
    yield f"{len(matrix.differences) - len(matrix.regressions)} differ in another way.\n\n"
    yield "| case | where | there | here | error | tolerance | reason |\n|---|---|---|---|---:|---:|---|\n"
    yield from (_row(difference) for difference in told[:_MOST_DIFFERENCES])
    if len(told) > _MOST_DIFFERENCES:
        yield f"\nOnly the first {_MOST_DIFFERENCES} of {len(told)} are listed here.\n"


def _reasons(matrix: Matrix, told: Sequence[Difference]) -> Iterator[str]:
    """Why what is not supported is not, but for the cells of which a difference tells it."""
    found = reasons(matrix, matrix.rows, {(one.here.row, one.here.column) for one in told})
    if not found:
        return
    yield "\n## Why\n\n| where | what | rows | reason |\n|---|---|---|---|\n"
    for why in found[:_MOST_DIFFERENCES]:
        words = (why.column.title, str(why.verdict), why.row_words, why.reason[:_LONGEST_REASON])
        yield f"| {' | '.join(plain(word) for word in words)} |\n"
    if len(found) > _MOST_DIFFERENCES:
        yield f"\nOnly the first {_MOST_DIFFERENCES} of {len(found)} reasons are listed here.\n"


def _row(difference: Difference) -> str:
    here = difference.here
    words = (here.title, here.column.title, str(difference.reference), str(here.verdict))
    cells = [plain(word) for word in words]
    cells += [figure(here.error), figure(here.tolerance), plain(here.reason[:_LONGEST_REASON])]
    return "| " + " | ".join(cells) + " |\n"
