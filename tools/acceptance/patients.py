"""Workers whose jobs fall ill: they leak until something kills them, or are killed at once, or are only heavy."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from dtf.domain.breaker import BreakerState, Target
from dtf.processes.process_table import resident_bytes

_MIB: Final = 2**20
#: What all jobs of a worker may have together; above that all of them are killed, as a container's are.
LIMIT_BYTES: Final = 600 * _MIB
#: Jobs at a time, and how many seconds one takes when nothing is wrong.
SLOTS, JOB_S = 3, 5.0
#: A heavy phase ends at this share of the limit, and stays there for so many seconds.
_HEAVY, _HEAVY_S = 0.6, 10.0
#: It is well for so long, twice between two illnesses: what is foreseen is a minute, which has to be the lesser part.
_WELL_S: Final = (60.0, 150.0)
#: So long an illness lasts at most when its breaker does not open.
_LONGEST_S: Final = 120.0

#: A job: it holds 8 MiB, and leaks 2 MiB each half second for as long as it is told to.
JOB: Final = """
import os, pathlib, sys, time
place = pathlib.Path(sys.argv[1])
mark, held, ends = place / "pids" / str(os.getpid()), [b"x" * (8 << 20)], time.monotonic() + float(sys.argv[2])
mark.touch()
while (order := (place / "order").read_text()) or time.monotonic() < ends:
    if order == "grow":
        held.append(b"x" * (2 << 20))
    time.sleep(0.5)
mark.unlink()
"""


class Kind(StrEnum):
    """What a worker suffers from."""

    #: Its jobs grow for about 40 s, until all of them are killed together.
    LEAK = "leak"
    #: Its jobs are killed out of the blue.
    SUDDEN = "sudden"


@dataclass(slots=True, kw_only=True, eq=False)
class Patient:
    """A worker whose jobs fall ill again and again.

    Attributes:
        name: The worker's.
        kind: What it suffers from.
        place: Where its jobs find their orders.
        begun: When its present illness began, on the monotonic clock; None: it is well.
        illnesses: How many there were that opened its breaker, and that did not.
    """

    name: str
    kind: Kind
    place: Path
    begun: float | None = None
    illnesses: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    _steps: Iterator[None] | None = None
    _open: bool = False

    def prepare(self) -> None:
        """Make what its jobs need."""
        (self.place / "pids").mkdir(parents=True)
        self._order("")

    def is_target(self, target: Target) -> bool:
        """Whether a target is this worker."""
        return target.name.partition("@")[0] == self.name

    def turn(self, state: BreakerState, *, ill: bool) -> None:
        """Go on with its life.

        Args:
            state: How its breaker stands.
            ill: Whether it may fall ill again; what has begun goes on to its end.
        """
        self._open = state is not BreakerState.CLOSED
        if self._size() > LIMIT_BYTES:
            self._kill()
        if self._steps is None and ill:
            self._steps = self._life()
        if self._steps is not None and next(self._steps, self) is self:
            self._steps = None

    @property
    def is_well(self) -> bool:
        """Whether nothing has begun that has not ended."""
        return self._steps is None

    def _life(self) -> Iterator[None]:
        yield from _wait(random.uniform(*_WELL_S))
        if self.kind is Kind.LEAK:
            yield from self._heavy()
        yield from _wait(random.uniform(*_WELL_S))
        self.begun = time.monotonic()
        while not self._open and time.monotonic() < self.begun + _LONGEST_S:
            if self.kind is Kind.LEAK:
                self._order("grow")
            else:
                self._kill()
            yield
        self._order("")
        self.illnesses[self._open] += 1
        self.begun = None
        while self._open:
            yield

    def _heavy(self) -> Iterator[None]:
        """Its jobs grow as they do in a leak, and all goes well."""
        self._order("grow")
        while self._size() < _HEAVY * LIMIT_BYTES:
            yield
        self._order("hold")
        yield from _wait(_HEAVY_S)
        self._order("")

    def _order(self, order: str) -> None:
        (self.place / "new").write_text(order)
        (self.place / "new").replace(self.place / "order")

    def _pids(self) -> list[int]:
        return [int(path.name) for path in (self.place / "pids").iterdir() if self._is_job(int(path.name))]

    def _is_job(self, pid: int) -> bool:
        try:
            return str(self.place).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False

    def _size(self) -> int:
        return sum(resident_bytes(pid) for pid in self._pids())

    def _kill(self) -> None:
        for pid in self._pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _wait(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
