"""Hears when the worker ends, and when the guardian is told to."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: SIGINT goes to everything in a terminal's foreground; the worker decides what it means.
_IGNORED = (signal.SIGINT, signal.SIGQUIT)
_STOP = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def watch_worker(pid: int, stop: Callable[[str], None]) -> Iterator[None]:
    """Call ``stop`` with a reason when the worker has ended, or when a signal asks for it.

    The worker is watched by a pidfd: a pipe would be inherited by its pool children and outlive it.
    """
    loop = asyncio.get_running_loop()
    for number in _STOP:
        loop.add_signal_handler(number, stop, f"{number.name} came")
    for number in _IGNORED:  # a handler, as an ignored signal would stay ignored in every child
        loop.add_signal_handler(number, _pass_over)
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        stop("the worker has ended")
        yield
        return
    loop.add_reader(descriptor, _worker_ended, loop, descriptor, stop)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _worker_ended(loop: asyncio.AbstractEventLoop, descriptor: int, stop: Callable[[str], None]) -> None:
    loop.remove_reader(descriptor)
    stop("the worker has ended")


def _pass_over() -> None:
    """Do nothing."""
