"""Cuts units into pieces, as slots would pull them."""

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from dtf.scheduling.unit import Atom, Unit

#: How far from the wanted size a cut may go to fall between two classes.
_SLACK = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How large a piece should be.

    Attributes:
        least_s: Its predicted duration at least, in seconds.
        most_s: And at most.
        parts: Into how many pieces for each slot all that is left is cut in thought.
    """

    least_s: float
    most_s: float
    parts: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of a unit.

    Attributes:
        affinity: The unit's.
        ordinals: Places in the manifest, ascending.
        seconds: The predicted duration.
        big: Whether it is one atom that is longer than a piece should be.
        first: Whether nothing of its unit comes before it.
        requires: What its tests ask of the hardware.
    """

    affinity: str
    ordinals: tuple[int, ...]
    seconds: float
    big: bool
    first: bool
    requires: tuple[str, ...] = ()


class _Open:
    """A unit that is being cut: its big atoms first, the longest ahead; then the others in order."""

    def __init__(self, unit: Unit, most_s: float) -> None:
        self.affinity = unit.affinity
        self.requires = unit.requires
        self.left_s = unit.seconds
        self._big = sorted((atom for atom in unit.atoms if atom.seconds > most_s), key=lambda atom: atom.seconds)
        self._rest: list[Atom] = [atom for atom in unit.atoms if atom.seconds <= most_s]
        self._ends = list(accumulate((atom.seconds for atom in self._rest), initial=0.0))
        self._at = 0
        self._untouched = True

    @property
    def empty(self) -> bool:
        return not self._big and self._at == len(self._rest)

    @property
    def biggest_s(self) -> float:
        return self._big[-1].seconds if self._big else 0.0

    def take(self, wanted_s: float, least_s: float) -> Piece:
        """Cut the next piece off: a big atom, or about ``wanted_s`` of the others."""
        big = bool(self._big)
        atoms = [self._big.pop()] if big else self._next(wanted_s, least_s)
        seconds = sum(atom.seconds for atom in atoms)
        self.left_s -= seconds
        first, self._untouched = self._untouched, False
        ordinals = tuple(sorted(ordinal for atom in atoms for ordinal in atom.ordinals))
        return Piece(
            affinity=self.affinity,
            ordinals=ordinals,
            seconds=seconds,
            big=big,
            first=first,
            requires=self.requires,
        )

    def _next(self, wanted_s: float, least_s: float) -> list[Atom]:
        begin = self._at
        start_s = self._ends[begin]
        if self._ends[-1] - start_s <= wanted_s + least_s / 2:  # what would be left is not worth a piece
            self._at = len(self._rest)
        else:
            self._at = self._cut_near(begin, start_s + wanted_s, _SLACK * wanted_s)
        return self._rest[begin : self._at]

    def _cut_near(self, begin: int, goal_s: float, slack_s: float) -> int:
        """The index to cut before: close to the goal, between two classes if there is such a place."""
        best = max(begin + 1, bisect_left(self._ends, goal_s - 1e-9))
        if not self._splits_class(best):
            return best
        low = max(begin + 1, bisect_left(self._ends, goal_s - slack_s))
        high = min(bisect_right(self._ends, goal_s + slack_s), len(self._rest))
        between = [index for index in range(low, high) if not self._splits_class(index)]
        return min(between, key=lambda index: abs(self._ends[index] - goal_s), default=best)

    def _splits_class(self, index: int) -> bool:
        return index < len(self._rest) and self._rest[index].scope == self._rest[index - 1].scope


@dataclass(slots=True, kw_only=True)
class _Pool:
    """The units that are left, and which of them a free slot begins with."""

    units: list[_Open]
    begun: int = 0
    big: list[tuple[float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.big = [(-unit.biggest_s, index) for index, unit in enumerate(self.units) if unit.biggest_s]
        heapq.heapify(self.big)

    def pick(self) -> _Open:
        """The unit with the longest big atom; then the next that nobody began; then the one with most left."""
        while self.big:
            seconds, index = heapq.heappop(self.big)
            now_s = self.units[index].biggest_s
            if now_s:
                heapq.heappush(self.big, (-now_s, index))
            if now_s == -seconds:
                return self.units[index]
        while self.begun < len(self.units):
            unit = self.units[self.begun]
            self.begun += 1
            if not unit.empty:
                return unit
        return max((unit for unit in self.units if not unit.empty), key=lambda unit: unit.left_s)


def cut(units: Sequence[Unit], *, slots: int, sizes: Sizes) -> list[Piece]:
    """Cut units into pieces by playing the run through.

    Each slot that gets free goes on with its unit, or begins the next one, or helps where most is left. What it takes
    is a part of its share of all that is left (guided self-scheduling, Polychronopoulos and Kuck 1987): large pieces at
    the beginning, small ones where the run ends, so that the slots end at about the same time.

    Args:
        units: The longest first.
        slots: How many slots pull.
        sizes: How large a piece should be.

    Returns:
        Pieces in the order in which they would be pulled.
    """
    pool = _Pool(units=[_Open(unit, sizes.most_s) for unit in units])
    left_s = sum(unit.seconds for unit in units)
    atoms = sum(len(atom.ordinals) for unit in units for atom in unit.atoms)
    free = [(0.0, slot) for slot in range(slots)]
    current: list[_Open | None] = [None] * slots
    pieces: list[Piece] = []
    while atoms:
        at_s, slot = heapq.heappop(free)
        unit = current[slot]
        if unit is None or unit.empty:
            unit = current[slot] = pool.pick()
        wanted_s = min(max(left_s / (sizes.parts * slots), sizes.least_s), sizes.most_s)
        piece = unit.take(wanted_s, sizes.least_s)
        pieces.append(piece)
        left_s -= piece.seconds
        atoms -= len(piece.ordinals)
        heapq.heappush(free, (at_s + piece.seconds, slot))
    return pieces
