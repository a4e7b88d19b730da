"""How a program is started without a network, or without some files."""

import sys
from abc import abstractmethod
from pathlib import Path
from typing import Final

from dtf.execution.injector.mechanisms.ending import is_stopped
from dtf.execution.injector.own_process import OwnProcess
from dtf.execution.injector.processes.effect import JobEffect
from dtf.execution.injector.processes.subject import COMMAND, JobSubject

_SCRIPT: Final = str(Path(__file__).with_name("launcher.py"))
_TRY_S: Final = 20.0


def launched(options: tuple[str, ...], argv: tuple[str, ...], *, waits: bool = False) -> tuple[str, ...]:
    """What starts a program so.

    Args:
        options: What it has to do without.
        argv: The program.
        waits: Whether it stops before it becomes the program, until it is let go on.
    """
    return (sys.executable, "-I", "-S", _SCRIPT, *options, *(("--wait",) if waits else ()), "--", *argv)


class LaunchedEffect(JobEffect):
    """An effect that is there before a program begins: a launcher becomes the program.

    A command's launcher waits until it was looked at; the process from which the runners of a suite are forked need
    not, as each of them waits by itself.
    """

    @property
    @abstractmethod
    def options(self) -> tuple[str, ...]:
        """What the program has to do without; empty: nothing, it is started as it is."""

    @property
    def waits(self) -> bool:
        """Whether a process is stopped from outside: a launcher on its way is not."""
        return not self._is_launcher

    async def unavailable(self) -> str:
        """Whether this machine allows it."""
        return await why_not(self.subject, self.options) if self.options else ""

    def argv(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        """The program, started so."""
        return launched(self.options, argv, waits=self._is_launcher) if self.options else argv

    async def strike(self, process: OwnProcess) -> None:
        """Wait until the launcher has done its work."""
        if self._is_launcher:
            await is_stopped(process, _TRY_S)

    @property
    def _is_launcher(self) -> bool:
        return bool(self.options) and self.subject.name == COMMAND


async def why_not(subject: JobSubject, options: tuple[str, ...]) -> str:
    """Why this machine does not allow it, found by trying; empty: it does."""
    argv = launched(options, (sys.executable, "-I", "-S", "-c", ""))
    ran = await subject.run(argv, subject.environment, within_s=_TRY_S)
    if ran.status == 0:
        return ""
    told = ran.last.rpartition(": ")[2] or f"exit status {ran.status}"
    return f"this machine gives dtf no namespace of its own ({told}); it needs root or user namespaces"
