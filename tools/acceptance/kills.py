"""Kills each kind of process several times at random moments of a run, and compares with an undisturbed one."""

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.harness.kills import killed_run
from tests.acceptance.harness.place import DTF, Done, Place

#: How much longer than an undisturbed run a disturbed one may take, in seconds.
ALLOWED_S = 60.0

#: The verdict on a run that ended before its moment came; it proves nothing and is done again.
TOO_EARLY = "nothing was killed: the run had ended"
_TRIES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One disturbed run.

    Attributes:
        role: What was killed.
        at_s: When, in seconds after the command's start.
        wall_s: How long the run took, in seconds.
        longer_s: How much longer than the undisturbed one.
        verdict: ``ok``, or what is wrong.
        attempts: How many attempts it took.
    """

    role: str
    at_s: float
    wall_s: float
    longer_s: float
    verdict: str
    attempts: int


def kills(suite: Path, roles: tuple[str, ...], times: int, workers: int) -> Iterator[Row]:
    """Run the suite undisturbed, then with each role killed so many times; yield each disturbed run."""
    with a_place() as place:
        calm = undisturbed(place, suite, workers)
    counts, status = calm.answer["counts"], calm.status
    print(f"undisturbed: {calm.wall_s:.1f} s, exit {status}, {counts}", flush=True)
    for role in roles:
        for _ in range(times):
            rows = (one(role, suite, workers, calm, counts) for _ in range(_TRIES))
            row = next(rows)
            while row.verdict == TOO_EARLY and (again := next(rows, None)):
                row = again
            yield row


@contextmanager
def a_place() -> Iterator[Place]:
    """A place that is gone afterwards, with whatever still runs there."""
    with tempfile.TemporaryDirectory(prefix="dtf-acceptance-") as directory:
        place = Place(Path(directory))
        try:
            yield place
        finally:
            place.kill_all()


def undisturbed(place: Place, suite: Path, workers: int) -> Done:
    """The run to compare with."""
    done = place.dtf("run", str(suite), "--workers", str(workers), "--json", timeout_s=1800)
    if done.status not in (0, 1):
        sys.exit(f"the undisturbed run ended with {done.status}:\n{done.err[-3000:]}")
    place.assert_nothing_left()
    return done


def one(role: str, suite: Path, workers: int, calm: Done, counts: dict[str, int]) -> Row:
    """One disturbed run."""
    with a_place() as place:
        begun = time.monotonic()
        at = random.uniform(0.1, 0.9) * calm.wall_s
        command = place.start(DTF, "run", str(suite), "--workers", str(workers), "--json")
        told = killed_run(place, command, role, moment=lambda: time.monotonic() - begun > at)
        wrong = []
        answer = told.run.answer if told.run.out.strip() else {}
        if not told.killed:
            wrong.append(TOO_EARLY)
        if told.run.status != calm.status or answer.get("counts") != counts:
            wrong.append(f"exit {told.run.status}, {answer.get('counts')} {told.run.err[-500:]}")
        if not told.audit.get("ok") or told.audit.get("lost") or told.audit.get("duplicated"):
            wrong.append(f"audit {told.audit}")
        longer = told.run.wall_s - calm.wall_s
        if longer > ALLOWED_S:
            wrong.append("too late")
        try:
            place.assert_nothing_left()
        except AssertionError as error:
            wrong.append(str(error))
        attempts = int(answer.get("attempts", 0))
        verdict = "; ".join(wrong) or "ok"
        return Row(role=role, at_s=at, wall_s=told.run.wall_s, longer_s=longer, verdict=verdict, attempts=attempts)
