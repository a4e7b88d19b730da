"""What SIGINT and SIGTERM do to a command, from its first moment to its last.

The first one unwinds the command as an exception, unless the command has a use of its own for it; one that comes
while that goes on leaves at once; and once the answer is out none does anything. With ``--json`` one line of JSON is
the last on standard output in each case. Imports almost nothing, as it must be there before the rest is imported.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

#: Exit status of a command that was interrupted; ``dtf.cli.exits.CANCELLED``.
STATUS = 13

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """A signal asked the command to end.

    A class of its own, as CPython ends by SIGINT, whatever the exit status, once a plain KeyboardInterrupt went through
    ``exec()`` of a string, and modules that are imported use that (namedtuple, dataclasses).
    """


class _Life:
    """What the handlers must know of the command; the signals are the whole process's, and so is this.

    Attributes:
        json_mode: Whether the answer is a line of JSON.
        answered: Whether that line is out.
        status: The exit status that the answer tells; None: none so far.
        answering: Whether it is being written right now.
        waiting: What a signal that came meanwhile wants to tell; empty: none came.
        parting: What a signal that leaves at once tells.
    """

    json_mode = False
    answered = False
    status: int | None = None
    answering = False
    waiting = ""
    parting = "left at once"


_life = _Life()


def begin(*, json_mode: bool) -> None:
    """Take the signals; SIGINT also where a script's ``&`` had it ignored."""
    _life.json_mode = json_mode
    _life.answered = _life.answering = False
    _life.status = None
    _life.waiting = ""
    _life.parting = _Life.parting
    for number in SIGNALS:
        signal.signal(number, _unwind)


def settle() -> None:
    """The command is over: no signal does anything any more, so that its exit status stands."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def hurry() -> None:
    """From now on a signal leaves at once."""
    for number in SIGNALS:
        signal.signal(number, _leave)


def part_with(message: str) -> None:
    """From now on a signal that leaves at once tells this, which has no quotes in it."""
    _life.parting = message


@contextmanager
def answering(status: int | None) -> Iterator[None]:
    """The answer is written inside; a signal waits until it is whole.

    Args:
        status: The exit status that it tells; it stands whatever comes later. None: it tells none.
    """
    _life.answering = True
    try:
        yield
    finally:
        _life.answered = True
        _life.status = status
        _life.answering = False
        if _life.waiting:
            leave(_life.waiting)


def leave(message: str) -> NoReturn:
    """Tell and exit without any cleaning up; safe in a signal handler."""
    if _life.status is None:
        tell(message)
    os._exit(STATUS if _life.status is None else _life.status)


def tell(message: str) -> None:
    """Tell why the command ends, on both streams, by calls that a signal handler may make."""
    _write(2, f"dtf: {message}\n")
    if _life.json_mode and not _life.answered:
        _life.answered = True
        _write(1, f'{{"error": "{message}", "exit_code": {STATUS}}}\n')


def _unwind(number: int, frame: FrameType | None) -> None:
    if _life.answering or _life.status is not None:
        _leave(number, frame)
        return
    hurry()
    raise Interrupted(number, frame)


def _leave(_number: int, _frame: FrameType | None) -> None:
    if _life.answering:
        _life.waiting = _life.parting
        return
    leave(_life.parting)


def _write(descriptor: int, text: str) -> None:
    with suppress(OSError):  # nobody reads it, and there is no third place to say so
        os.write(descriptor, text.encode())
