"""Calls of the ledger, which block, off the loop, which must not."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_WORKERS = 4


class Database:
    """Runs blocking calls in threads.

    Renewals and heartbeats have a thread of their own: a claim must not be lost because results are slow to write.
    """

    def __init__(self) -> None:
        self._work = ThreadPoolExecutor(_WORKERS, thread_name_prefix="ledger")
        self._life = ThreadPoolExecutor(1, thread_name_prefix="lease")

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``function`` in a thread and return what it returns."""
        return await asyncio.get_running_loop().run_in_executor(self._work, partial(function, *args, **kwargs))

    async def call_soon(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for what keeps claims and the worker alive; it never waits behind results."""
        return await asyncio.get_running_loop().run_in_executor(self._life, partial(function, *args, **kwargs))

    def close(self) -> None:
        """Take no more calls; those that run are left to end."""
        self._work.shutdown(wait=False, cancel_futures=True)
        self._life.shutdown(wait=False, cancel_futures=True)
