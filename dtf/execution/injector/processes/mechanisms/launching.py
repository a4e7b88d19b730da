"""How a program is started without a network, or without some files."""

import sys
from pathlib import Path
from typing import Final

from dtf.execution.injector.processes.subject import JobSubject

_SCRIPT: Final = str(Path(__file__).with_name("launcher.py"))
_TRY_S: Final = 20.0


def launched(options: tuple[str, ...], argv: tuple[str, ...]) -> tuple[str, ...]:
    """What starts a program so."""
    return (sys.executable, "-I", "-S", _SCRIPT, *options, "--", *argv)


async def why_not(subject: JobSubject, options: tuple[str, ...]) -> str:
    """Why this machine does not allow it, found by trying; empty: it does."""
    argv = launched(options, (sys.executable, "-I", "-S", "-c", ""))
    ran = await subject.run(argv, subject.environment, within_s=_TRY_S)
    if ran.status == 0:
        return ""
    told = ran.last.rpartition(": ")[2] or f"exit status {ran.status}"
    return f"this machine gives dtf no namespace of its own ({told}); it needs root or user namespaces"
