"""Asks a question in a process of its own: a driver that hangs or crashes ends that process and nothing else."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass

_log = logging.getLogger(__name__)

#: How long a killed process may take to be gone; one that is stuck in the kernel is left to it.
_GONE_S = 2.0
#: How many bytes of what it printed are looked at.
_MOST = 16 * 2**20
#: How much of its standard error is kept for a reason.
_TAIL = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the process said.

    Attributes:
        text: Its standard output.
        reason: Why that is no answer: how it ended, and the end of its standard error; empty: it is one.
    """

    text: str
    reason: str = ""


def ask_apart(module: str, *arguments: str, limit_s: float) -> Answer:
    """Run ``python -P -m module arguments``; kill its whole process group when it takes too long.

    Args:
        module: What prints the answer on standard output and ends with 0.
        arguments: For it.
        limit_s: The most seconds that it may take.
    """
    argv = (sys.executable, "-P", "-m", module, *arguments)
    # files, not pipes: what it may leave behind would keep a pipe open
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True)
        except OSError as error:
            return Answer(text="", reason=f"it could not be asked: {error}")
        ending = _wait(process, limit_s)
        out.seek(0)
        err.seek(0)
        text = out.read(_MOST).decode(errors="replace")
        said = err.read(_MOST).decode(errors="replace").strip()[-_TAIL:]
    if not ending:
        return Answer(text=text)
    last_line = said.splitlines()[-1] if said else ""
    return Answer(text=text, reason=f"{ending}{': ' if last_line else ''}{last_line}")


def _wait(process: subprocess.Popen[bytes], limit_s: float) -> str:
    """How it ended; empty: well."""
    try:
        status = process.wait(limit_s)
    except subprocess.TimeoutExpired:
        _kill(process)
        return f"it did not answer within {limit_s:g} s and was killed"
    except BaseException:
        _kill(process)
        raise
    if status == 0:
        return ""
    if status > 0:
        return f"it ended with status {status}"
    with contextlib.suppress(ValueError):
        return f"it was ended by {signal.Signals(-status).name}"
    return f"it was ended by signal {-status}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    try:
        process.wait(_GONE_S)
    except subprocess.TimeoutExpired:
        _log.error("process %d does not die: a driver holds it in the kernel", process.pid)
