"""Where a device differs from the reference."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dtf.analysis.matrix.column import Column
from dtf.analysis.matrix.entry import Entry
from dtf.analysis.matrix.verdict import BAD, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One case that says something else than on the reference.

    Attributes:
        here: The result.
        reference: What the reference says of the same case.
    """

    here: Entry
    reference: Verdict

    @property
    def is_worse(self) -> bool:
        """Whether what the reference supports is wrong, failed or ran elsewhere here."""
        return self.here.verdict in BAD and self.reference is Verdict.SUPPORTED


def differences(
    rows: Sequence[str],
    columns: Sequence[Column],
    found: Mapping[tuple[str, Column], Sequence[Entry]],
    reference: Column | None,
) -> Iterator[Difference]:
    """The differences by column and row, the worse ones of each row first."""
    if reference is None:
        return
    for column in columns:
        if column == reference:
            continue
        for row in rows:
            known = {entry.name: entry.verdict for entry in found.get((row, reference), ())}
            differing = [
                Difference(here=entry, reference=known[entry.name])
                for entry in found.get((row, column), ())
                if entry.name in known and entry.verdict is not known[entry.name]
            ]
            yield from sorted(differing, key=lambda one: (not one.is_worse, one.here.name))
