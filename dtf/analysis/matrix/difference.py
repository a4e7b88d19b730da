"""Where a device differs from the reference."""

from collections.abc import Collection, Iterator, Mapping, Sequence
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
        """Whether what the reference supports is wrong, failed, ran elsewhere or is degraded here."""
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
    supported = {
        entry.job
        for (_, column), entries in found.items()
        for entry in entries
        if column == reference and entry.verdict is Verdict.SUPPORTED
    }
    for column in columns:
        if column == reference:
            continue
        for row in rows:
            known = {entry.name: entry.verdict for entry in found.get((row, reference), ())}
            differing = [
                Difference(here=entry, reference=there)
                for entry in found.get((row, column), ())
                if (there := known.get(entry.name) or _of_suite(entry, supported)) and entry.verdict is not there
            ]
            yield from sorted(differing, key=lambda one: (not one.is_worse, one.here.name))


def _of_suite(entry: Entry, supported: Collection[str]) -> Verdict | None:
    """What the reference says of a suite that came to no tests here: one of its tests is supported there."""
    is_broken = not entry.name and entry.verdict in BAD
    return Verdict.SUPPORTED if is_broken and entry.job in supported else None
