"""A Python process that answers lines of JSON, and does not outlive the one that asks."""

import asyncio
import json
import sys
from typing import Any, Self

from dtf.domain.errors import DtfError

#: How much of its standard error is kept for a message.
_TAIL = 500
_LONGEST_ANSWER = 2**20


class HelperDiedError(DtfError):
    """A helper process ended before it answered."""


class HelperProcess:
    """Runs ``python -P -m module arguments``; to be used as a context, which kills it at its end.

    Args:
        module: What to run.
        arguments: For it.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        self._argv = (sys.executable, "-P", "-m", module, *arguments)
        self._process: asyncio.subprocess.Process | None = None
        self._errors: asyncio.Task[bytes] | None = None

    async def __aenter__(self) -> Self:
        """Start it."""
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *self._argv, stdin=pipe, stdout=pipe, stderr=pipe, limit=_LONGEST_ANSWER
        )
        self._errors = asyncio.create_task(self._read_errors(self._process))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Kill it, whatever it is doing."""
        process, errors = self._started()
        if process.returncode is None:
            process.kill()
        await process.wait()
        await errors

    async def say(self, message: object) -> None:
        """Send a line; a process that is gone is heard of by ``hear``."""
        process, _ = self._started()
        try:
            assert process.stdin is not None  # noqa: S101  # it is a pipe
            process.stdin.write(json.dumps(message).encode() + b"\n")
            await process.stdin.drain()
        except ConnectionError:
            return

    async def hear(self) -> dict[str, Any]:
        """Wait for the next line of its answers.

        Raises:
            HelperDiedError: It ended instead.
        """
        process, errors = self._started()
        assert process.stdout is not None  # noqa: S101  # it is a pipe
        line = await process.stdout.readline()
        if line:
            return dict(json.loads(line))
        status = await process.wait()
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        said = (await errors).decode(errors="replace").strip()
        raise HelperDiedError(f"{self._argv[3]} ended {how}{': ' if said else ''}{said}")

    def _started(self) -> tuple[asyncio.subprocess.Process, asyncio.Task[bytes]]:
        if self._process is None or self._errors is None:
            raise RuntimeError("the helper process was not started")
        return self._process, self._errors

    @staticmethod
    async def _read_errors(process: asyncio.subprocess.Process) -> bytes:
        assert process.stderr is not None  # noqa: S101  # it is a pipe
        tail = b""
        while chunk := await process.stderr.read(65536):
            tail = (tail + chunk)[-_TAIL:]
        return tail
