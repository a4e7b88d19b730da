"""The model hosts of a worker, one per slot, each warm for a while."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dtf.domain.ports.executor import SlotContext
from dtf.domain.work import BenchmarkWork
from dtf.execution.executors.pytest_session.interpreter import asked_interpreter
from dtf.execution.host.process import HostProcess

_OURS = "DTF_"
_PACKAGE = Path(__file__).resolve().parents[1] / "model_host"

#: What a host is kept for: its interpreter and its environment.
_Key = tuple[tuple[str, ...], frozenset[tuple[str, str]]]


@dataclass(slots=True)
class _Kept:
    """A host with what it is good for."""

    host: HostProcess
    key: _Key
    served: int = 0
    ending: asyncio.Task[None] | None = None


class ModelHosts:
    """Starts hosts, keeps them while jobs follow each other, and ends them.

    Args:
        idle_s: How long a host without orders stays, in seconds.
    """

    def __init__(self, *, idle_s: float) -> None:
        self._idle_s = idle_s
        self._kept: dict[int, _Kept] = {}

    async def take(self, work: BenchmarkWork, context: SlotContext) -> HostProcess:
        """The slot's host for a job: the warm one where it fits, else a new one.

        Raises:
            BadInputError: There is no such interpreter.
            OSError: It cannot be started.
        """
        argv = _argv(work, context)
        key = (argv, _essence(context.environment))
        kept = self._kept.get(context.slot)
        if kept is not None and kept.ending is not None:
            kept.ending.cancel()
            kept.ending = None
        if kept is None or kept.key != key or not kept.host.alive:
            await self.drop(context.slot)
            host = await HostProcess.start(
                argv,
                cwd=context.scratch.parent,
                environment=dict(key[1]),
                spawner=context.spawner,
                slot=context.slot,
            )
            kept = self._kept[context.slot] = _Kept(host, key)
        return kept.host

    async def give_back(self, work: BenchmarkWork, context: SlotContext, *, healthy: bool) -> bool:
        """A job is done with the slot's host. It stays for the next one, but for no more jobs than the job says.

        Returns:
            Whether another job can follow on it.
        """
        kept = self._kept.get(context.slot)
        if kept is None:
            return False
        kept.host.print_to(None)
        kept.served += 1
        limit = work.batch_size_limit if work.model_grouping else 1
        if not healthy or not kept.host.alive or kept.served >= limit:
            await self.drop(context.slot)
            return False
        kept.ending = asyncio.create_task(self._end_later(context.slot, kept))
        return True

    async def drop(self, slot: int) -> None:
        """Kill the slot's host."""
        kept = self._kept.pop(slot, None)
        if kept is None:
            return
        if kept.ending is not None and kept.ending is not asyncio.current_task():
            kept.ending.cancel()
        await kept.host.kill()

    async def close(self) -> None:
        """Kill all hosts."""
        await asyncio.gather(*(self.drop(slot) for slot in list(self._kept)))

    async def _end_later(self, slot: int, kept: _Kept) -> None:
        await asyncio.sleep(self._idle_s)
        if self._kept.get(slot) is kept:
            await self.drop(slot)


def _argv(work: BenchmarkWork, context: SlotContext) -> tuple[str, ...]:
    if not work.python:
        return (sys.executable, "-P", "-m", "dtf.execution.model_host")
    path = asked_interpreter(work.python, workdir=context.workdir, environment=context.environment)
    return (path, str(_PACKAGE / "launch.py"))


def _essence(environment: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """The environment without what names the attempt: a host serves many."""
    return frozenset((name, value) for name, value in environment.items() if not name.startswith(_OURS))
