"""The matrix: models or operators by hardware and device."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dtf.analysis.matrix.cell import Cell, make_cell
from dtf.analysis.matrix.column import Column
from dtf.analysis.matrix.difference import Difference, differences
from dtf.analysis.matrix.entries import entries_of
from dtf.analysis.matrix.entry import Entry
from dtf.analysis.matrix.facts import RunFacts
from dtf.analysis.matrix.verdict import Verdict
from dtf.domain.errors import BadInputError
from dtf.domain.ports.views import RunView

#: Results by row and column.
_Cells = dict[tuple[str, Column], list[Entry]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Models or operators by hardware and device.

    Attributes:
        rows: Their names, sorted.
        columns: The reference first, then by tag, the real before software and simulated ones.
        cells: By row and column; a pair that is missing was not run.
        reference: What the others are compared with; None: nothing.
        runs: The runs that it is made of, the newest first.
        differences: Each case that says something else than on the reference.
        missing: How many collected cases have no result, by run.
    """

    rows: tuple[str, ...]
    columns: tuple[Column, ...]
    cells: Mapping[tuple[str, Column], Cell]
    reference: Column | None
    runs: tuple[RunView, ...]
    differences: tuple[Difference, ...] = ()
    missing: Mapping[str, int]

    def totals(self, column: Column) -> Mapping[Verdict, int]:
        """How many of the rows say what in a column."""
        return Counter(self.verdict(row, column) for row in self.rows)

    def cases(self, column: Column) -> Mapping[Verdict, int]:
        """How many of the cases say what in a column."""
        counts: Counter[Verdict] = Counter()
        for row in self.rows:
            if cell := self.cells.get((row, column)):
                counts.update(cell.counts)
        return counts

    def verdict(self, row: str, column: Column) -> Verdict:
        """What a cell says, also where there is none."""
        cell = self.cells.get((row, column))
        return cell.verdict if cell else Verdict.NOT_RUN

    @property
    def regressions(self) -> tuple[Difference, ...]:
        """The differences in which something is worse than on the reference."""
        return tuple(difference for difference in self.differences if difference.is_worse)


def make_matrix(facts: Sequence[RunFacts], reference: str = "") -> Matrix:
    """The matrix of some runs; of a case that several have, the newest run's result counts.

    Args:
        facts: The runs; each once.
        reference: The hardware tag that the others are compared with; empty: ``cpu`` where there is one.

    Raises:
        BadInputError: None of the runs used the reference that was asked for.
    """
    newest = sorted(facts, key=lambda one: one.run.created_at, reverse=True)
    found = _with_idle(_newest([list(entries_of(one)) for one in newest]))
    compared = _reference({column for _, column in found}, found, reference)
    columns = sorted({column for _, column in found}, key=lambda column: (column != compared, column.order))
    rows = sorted({row for row, _ in found}, key=lambda row: (row.casefold(), row))
    cells = {
        (row, column): make_cell(entries, found.get((row, compared), ()) if compared and column != compared else ())
        for (row, column), entries in found.items()
    }
    return Matrix(
        rows=tuple(rows),
        columns=tuple(columns),
        cells=cells,
        reference=compared,
        runs=tuple(one.run for one in newest),
        differences=tuple(differences(rows, columns, found, compared)),
        missing={one.run.run_id: max(0, one.run.expected - sum(one.run.cases.values())) for one in newest},
    )


def _newest(runs: Sequence[Sequence[Entry]]) -> _Cells:
    """The results of each cell, of each name those of the newest run that has any; the newest run comes first."""
    devices = {entry.column for entries in runs for entry in entries if entry.column.device}
    found: dict[tuple[str, Column], dict[str, list[Entry]]] = {}
    for entries in runs:
        for (row, column, name), its in _of_run(entries, devices).items():
            named = found.setdefault((row, column), {})
            if all(entry.verdict is Verdict.NOT_RUN for entry in named.get(name, ())):
                named[name] = its
    return {key: [entry for its in named.values() for entry in its] for key, named in found.items()}


def _of_run(entries: Sequence[Entry], devices: Iterable[Column]) -> dict[tuple[str, Column, str], list[Entry]]:
    found: dict[tuple[str, Column, str], list[Entry]] = {}
    for entry in entries:
        column = _placed(entry.column, devices)
        found.setdefault((entry.row, column, entry.name), []).append(replace(entry, column=column))
    return found


def _placed(column: Column, devices: Iterable[Column]) -> Column:
    """The column; where nobody knows the device (its worker was lost), that of the tag's one real device."""
    if column.device:
        return column
    same = (column.hardware, column.provider)
    real = [other for other in devices if (other.hardware, other.provider) == same and not other.marks]
    return real[0] if len(real) == 1 and not column.marks else column


def _with_idle(found: _Cells) -> _Cells:
    """The same, the columns marked in which nothing ran and of which nobody knows the device."""
    ran = {column for (_, column), its in found.items() if any(one.verdict is not Verdict.NOT_RUN for one in its)}
    marked: _Cells = {}
    for (row, column), its in found.items():
        named = column if column.device or column in ran else replace(column, idle=True, software=False)
        marked.setdefault((row, named), []).extend(replace(entry, column=named) for entry in its)
    return marked


def _reference(columns: Iterable[Column], found: Iterable[tuple[str, Column]], wanted: str) -> Column | None:
    """The column of the reference's tag, of several the real one with the most rows."""
    columns = list(columns)
    # what stood in for the reference is none
    named = [column for column in columns if column.hardware == (wanted or "cpu") and not column.degraded]
    if wanted and columns and not named:
        tags = ", ".join(sorted({column.hardware for column in columns}))
        raise BadInputError(f"none of the runs used the reference {wanted[:80]!r}; they used {tags}")
    filled = Counter(column for _, column in found)
    return max(
        named, key=lambda column: (not column.idle, not column.marks, filled[column], column.device), default=None
    )
