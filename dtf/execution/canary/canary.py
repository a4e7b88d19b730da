"""Carries out canaries, each in a process of its own."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dtf.domain.ports.executor import Exit, Spawner
from dtf.domain.worker import Device
from dtf.execution.canary.question import Question, question_for

#: How long one may take, in seconds: less than its permit holds.
LIMIT_S = 25.0
#: How many bytes of an answer are looked at, and how much of what went wrong is told.
_MOST, _TAIL = 2**20, 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Song:
    """What a canary came to.

    Attributes:
        what: What was asked, for people.
        reason: What is wrong; empty: nothing.
        duration_s: How long it took, in seconds.
    """

    what: str
    reason: str
    duration_s: float

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.reason


class Canary:
    """Asks devices, browsers and the machine itself for something small whose answer is known.

    A process of its own answers, in the environment and by the spawner of the worker's jobs, and is killed with its
    whole tree when it takes too long: a driver that hangs costs nothing else.
    """

    def __init__(
        self, spawner: Spawner, *, scratch: Path, environment: Mapping[str, str], limit_s: float = LIMIT_S
    ) -> None:
        """Build one.

        Args:
            spawner: Starts processes.
            scratch: Where the worker's work keeps its files.
            environment: The worker's, without anything of dtf's.
            limit_s: How long one may take, in seconds.
        """
        self._spawner = spawner
        self._scratch = scratch
        self._environment = environment
        self._limit_s = limit_s

    async def sing(self, device: Device | None) -> Song:
        """Ask once; it never raises but for cancellation.

        Args:
            device: What is asked; None: the machine itself.
        """
        question, began = question_for(device, self._scratch), time.monotonic()
        reason = await self._ask(question)
        return Song(what=question.what, reason=reason, duration_s=time.monotonic() - began)

    async def _ask(self, question: Question) -> str:
        try:
            # files, not pipes: what it may leave behind would keep a pipe open; in memory: the disk may be what is bad
            with _file("answer") as out, _file("complaint") as err:
                ending = await self._run(question, out, err)
                if ending:
                    said = _text(err).strip()[-_TAIL:].splitlines()
                    return f"{ending}{': ' if said else ''}{said[-1] if said else ''}"
                return question.verdict(_text(out))
        except OSError as error:
            return f"no process can be started: {error.strerror or error}"

    async def _run(self, question: Question, out: IO[bytes], err: IO[bytes]) -> str:
        """How it ended; empty: well."""
        process = await self._spawner.spawn(
            (sys.executable, "-P", "-m", question.module, *question.arguments),
            cwd=Path("/"),
            environment=self._environment,
            stdout=out.fileno(),
            stderr=err.fileno(),
        )
        try:
            async with asyncio.timeout(self._limit_s):
                return _ending(await process.wait())
        except TimeoutError:
            return f"it did not answer within {self._limit_s:g} s and was killed"
        finally:
            await process.kill(0.0)


def _file(name: str) -> IO[bytes]:
    return os.fdopen(os.memfd_create(name), "w+b")


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(_MOST).decode(errors="replace")


def _ending(end: Exit) -> str:
    if end.signal is not None:
        try:
            return f"it was ended by {signal.Signals(end.signal).name}"
        except ValueError:
            return f"it was ended by signal {end.signal}"
    return f"it ended with status {end.code}" if end.code else ""
