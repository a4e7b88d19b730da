import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from dtf.domain.ports.executor import Exit


class PlainProcess:
    """A process and its descendants."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid
        self._family: list[psutil.Process] = []

    async def wait(self) -> Exit:
        code = await self._process.wait()
        return Exit(code=code if code >= 0 else None, signal=-code if code < 0 else None, cpu_s=0.0, max_rss_bytes=0)

    async def kill(self, grace_s: float = 2.0) -> Exit:  # noqa: ARG002  # it never waits
        if self._process.returncode is None:
            for member in psutil.Process(self.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):  # it ended meanwhile
                    member.kill()
            self._process.kill()
        return await self.wait()


class PlainSpawner:
    """Starts real processes; what a guardian adds is not needed here."""

    def __init__(self) -> None:
        self.started: list[PlainProcess] = []

    async def spawn(
        self,
        argv: tuple[str, ...],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        stdout: int,
        stderr: int,
        pass_fds: tuple[int, ...] = (),
        slot: int | None = None,  # noqa: ARG002  # only a guardian needs it
    ) -> PlainProcess:
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=cwd,
            env={**environment, "DTF_OWNER": f"test:{os.getpid()}"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            pass_fds=pass_fds,
            start_new_session=True,
        )
        self.started.append(PlainProcess(process))
        return self.started[-1]
