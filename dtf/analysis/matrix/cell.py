"""A cell of the matrix: what one kind of device makes of one model or operator."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dtf.analysis.matrix import speed
from dtf.analysis.matrix.entry import Entry
from dtf.analysis.matrix.verdict import Verdict, of_cell
from dtf.domain.proof import Standing

#: The order in which the standings of several results become one: the worst.
_WORST_FIRST = (
    Standing.ELSEWHERE,
    Standing.DEGRADED,
    Standing.SIMULATED,
    Standing.SOFTWARE,
    Standing.NOT_PROVEN,
    Standing.PROVEN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one kind of device makes of one row.

    Attributes:
        run_ids: The runs that its results come from.
        verdict: What it says.
        counts: How many of its cases say what.
        standing: What its results say about the hardware; of several the worst.
        error: The largest error against its tolerance, of those that are wrong, else of all; None: nobody told one.
        tolerance: What that error may be.
        reason: What most of those say that are not supported.
        ratio: Its median time over the reference's; None: nothing to compare.
    """

    run_ids: tuple[str, ...]
    verdict: Verdict
    counts: Mapping[Verdict, int]
    standing: Standing
    error: float | None = None
    tolerance: float | None = None
    reason: str = ""
    ratio: float | None = None

    @property
    def cases(self) -> int:
        """How many results it is made of."""
        return sum(self.counts.values())

    @property
    def speed(self) -> str:
        """``2.1x slower`` than the reference; empty when unknown."""
        return speed.words(self.ratio)


def make_cell(entries: Sequence[Entry], reference: Sequence[Entry]) -> Cell:
    """The cell of these results, at least one; compared with those of the reference in the same row."""
    counts = Counter(entry.verdict for entry in entries)
    verdict = of_cell(counts)
    worst = _worst([entry for entry in entries if entry.verdict is Verdict.WRONG] or entries)
    reasons = Counter(entry.reason for entry in entries if entry.reason and _speaks(entry.verdict, verdict))
    stands = {entry.standing for entry in entries}
    return Cell(
        run_ids=tuple(dict.fromkeys(entry.run_id for entry in entries)),
        verdict=verdict,
        counts=dict(counts),
        standing=next(one for one in _WORST_FIRST if one in stands),
        error=worst.error if worst else None,
        tolerance=worst.tolerance if worst else None,
        reason=reasons.most_common(1)[0][0] if reasons else "",
        ratio=speed.ratio(_times(entries), _times(reference)) if reference else None,
    )


def _speaks(of_entry: Verdict, of_whole: Verdict) -> bool:
    """Whether an entry's reason is one of the cell's."""
    return of_entry is of_whole or (of_whole is Verdict.PARTLY and of_entry is Verdict.UNSUPPORTED)


def _worst(entries: Sequence[Entry]) -> Entry | None:
    """The one whose error is largest against its tolerance."""
    told = [entry for entry in entries if entry.error is not None and entry.tolerance is not None]
    return max(told, key=_excess, default=None)


def _excess(entry: Entry) -> float:
    error, tolerance = entry.error or 0.0, entry.tolerance or 0.0
    if math.isnan(error):
        return math.inf
    return error / tolerance if tolerance > 0 else (math.inf if error > 0 else 0.0)


def _times(entries: Sequence[Entry]) -> dict[str, float]:
    return {
        entry.name: entry.seconds
        for entry in entries
        if entry.verdict is Verdict.SUPPORTED and entry.seconds is not None
    }
