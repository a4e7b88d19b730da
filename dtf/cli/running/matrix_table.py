"""Prints the matrix on a terminal."""

from collections import Counter
from collections.abc import Iterator, Sequence

from dtf.analysis.matrix.column import Column
from dtf.analysis.matrix.matrix import Matrix
from dtf.analysis.reports.matrix_reasons import reasons
from dtf.analysis.reports.matrix_words import cell_words, figure, total_words
from dtf.cli.terminal.figures import plural
from dtf.cli.terminal.output import Output
from dtf.cli.terminal.table import table
from dtf.domain.escape import one_line

#: How many of the worse cases are named.
_MOST_NAMED = 20

#: Of the width, the names of the rows get at most so much.
_OF_WIDTH = 3

#: What a column takes at least, and a row's name.
_COLUMN, _NARROWEST = 10, 10


def print_matrix(matrix: Matrix, output: Output, *, only_differing: bool) -> None:
    """Write the columns, the table, what is worse than on the reference, and the totals."""
    heads = _heads(matrix)
    for column in matrix.columns:
        of = " (the reference)" if column == matrix.reference else ""
        output.line(f"{heads[column]}{of}: {one_line(column.device or 'no device named', 200)}")
    output.line()
    shown = [row for row in matrix.rows if not only_differing or _differs(matrix, row)]
    widest = _widest(output.table_width, len(heads))
    cells = [[_cut(row, widest), *(_cell(matrix, row, column) for column in matrix.columns)] for row in shown]
    for line in table(["", *heads.values()], cells, output.table_width):
        output.line(line)
    if len(shown) < len(matrix.rows):
        output.line(f"({plural(len(matrix.rows) - len(shown), 'row')} on which all agree left out)")
    for line in (*_worse(matrix, heads), *_reasons(matrix, heads, shown), *_totals(matrix, heads)):
        output.line(line)


def _widest(width: int, columns: int) -> int:
    """How wide the names of rows may be: a share of the width, and what the columns leave of it."""
    return max(_NARROWEST, min(width // _OF_WIDTH, width - columns * _COLUMN))


def _cut(row: str, widest: int) -> str:
    name = one_line(row, 200)
    return name if len(name) <= widest else name[: widest - 1] + "~"


def _heads(matrix: Matrix) -> dict[Column, str]:
    """The title of each column, numbered where several have the same."""
    same = Counter(column.title for column in matrix.columns)
    seen: Counter[str] = Counter()
    heads = {}
    for column in matrix.columns:
        seen[column.title] += 1
        number = f" #{seen[column.title]}" if same[column.title] > 1 else ""
        heads[column] = f"{column.title}{number}"
    return heads


def _cell(matrix: Matrix, row: str, column: Column) -> str:
    return cell_words(matrix.cells.get((row, column)), matrix)


def _differs(matrix: Matrix, row: str) -> bool:
    return len({matrix.verdict(row, column) for column in matrix.columns}) > 1


def _worse(matrix: Matrix, heads: dict[Column, str]) -> Iterator[str]:
    worse = matrix.regressions
    if not worse:
        return
    yield ""
    yield f"Worse than on the reference ({plural(len(worse), 'case')}):"
    for difference in worse[:_MOST_NAMED]:
        here = difference.here
        size = f", error {figure(here.error)} (tolerance {figure(here.tolerance)})" if here.error is not None else ""
        name = one_line(here.title, 300)
        yield f"  {heads[here.column]}: {here.verdict}{size}: {name}: {one_line(here.reason, 200)}"
    if len(worse) > _MOST_NAMED:
        yield f"  ... and {len(worse) - _MOST_NAMED} more: --format json has all"


def _reasons(matrix: Matrix, heads: dict[Column, str], rows: Sequence[str]) -> Iterator[str]:
    """Why what is not supported is not, but for the cells of which the worse cases tell it."""
    told = {(difference.here.row, difference.here.column) for difference in matrix.regressions[:_MOST_NAMED]}
    found = reasons(matrix, rows, told)
    if not found:
        return
    yield ""
    yield "Why:"
    for why in found[:_MOST_NAMED]:
        of = one_line(why.row_words, 200)
        yield f"  {heads[why.column]}: {why.verdict}: {of}: {one_line(why.reason, 200)}"
    if len(found) > _MOST_NAMED:
        yield f"  ... and {plural(len(found) - _MOST_NAMED, 'reason')} more: --format json has all"


def _totals(matrix: Matrix, heads: dict[Column, str]) -> Iterator[str]:
    yield ""
    for column in matrix.columns:
        yield f"{heads[column]}: {total_words(matrix.totals(column))}; cases: {total_words(matrix.cases(column))}"
    for run in matrix.runs:
        if matrix.missing[run.run_id]:
            yield f"run {run.run_id}: {plural(matrix.missing[run.run_id], 'case')} without a result"
    count = plural(len(matrix.rows), "row")
    yield f"{count}, {plural(len(matrix.columns), 'column')}, {plural(len(matrix.runs), 'run')}"
