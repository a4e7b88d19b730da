"""A process that runs tests, as the executor sees it."""

import asyncio
import logging
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from dtf.domain.manifest import ManifestItem
from dtf.domain.shard import ClaimedShard
from dtf.execution.executors.pytest_session.agent_process import AgentProcess, dump_signal
from dtf.execution.executors.pytest_session.death import Death
from dtf.execution.executors.pytest_session.session_end import SessionEnd
from dtf.execution.host.line_channel import LineChannel, Message
from dtf.execution.host.log_pump import LogPump, Sink

logger = logging.getLogger(__name__)

Inbox = Callable[[Message], None]

_TAIL = 32768

#: How long a runner may take to set itself up before it gets its work all the same, in seconds.
_READY_S = 20.0

#: How many of the tests that it ran last a handle knows by name.
_LATEST = 3


class RunnerHandle:
    """The executor's handle of a runner, forked or not.

    Its events wait until somebody attaches, so that nothing is lost between two shards.

    Attributes:
        ended: How it ended; its last event is ``{"event": "death"}``.
        pid: Its process id; 0 until it is known.
        affinity: The module of the shard that it began last.
        cpu_s: CPU-seconds that were accounted to shards so far.
        ran: How many tests it has run; what was skipped does not count.
        latest: The last of them.
    """

    def __init__(self, channel: LineChannel, pump: LogPump, stacks: Path, environment: Mapping[str, str]) -> None:
        self.channel = channel
        self.pump = pump
        self.ended: asyncio.Future[Death] = asyncio.get_running_loop().create_future()
        self.pid = 0
        self.affinity = ""
        self.cpu_s = 0.0
        self.ran = 0
        self.latest: deque[str] = deque(maxlen=_LATEST)
        self._ready = asyncio.Event()
        self._agent: AgentProcess | None = None
        self._stacks = stacks
        self._environment = dict(environment)
        self._captures: list[int] = []
        self._inbox: Inbox | None = None
        self._waiting: list[Message] = []

    @classmethod
    def of_agent(cls, agent: AgentProcess, stacks: Path, environment: Mapping[str, str]) -> "RunnerHandle":
        """The handle of a process that collects for itself and was not forked."""
        handle = cls(agent.channel, agent.pump, stacks, environment)
        handle._agent = agent
        handle.pid = agent.process.pid
        agent.on_message(handle.hear)
        agent.ended.add_done_callback(lambda ended: handle.bury(ended.result()))
        return handle

    def attach(self, inbox: Inbox, log: Sink) -> None:
        """Send events and output here from now on, those that waited first."""
        self._inbox = inbox
        self.pump.attach(log)
        waiting, self._waiting = self._waiting, []
        for message in waiting:
            inbox(message)

    def detach(self) -> None:
        """Keep events and output until somebody attaches again."""
        self._inbox = None
        self.pump.attach(None)

    async def begin(
        self,
        shard: ClaimedShard,
        items: list[tuple[int, ManifestItem]],
        environment: Mapping[str, str],
        *,
        last: bool,
        failures_left: int | None = None,
        sticky: Sequence[str] = (),
    ) -> None:
        """Have it run items of a shard, once it is ready for them.

        Args:
            shard: The shard.
            items: What to run, in this order.
            environment: The whole environment for it.
            last: Whether the session ends with the last item; otherwise that one waits for ``decide``.
            failures_left: It stops and ends its session after so many failures; None: never.
            sticky: It does so, too, after an error that has one of these in its message.
        """
        # its captured output must be open here before a test can kill it
        ready = asyncio.ensure_future(self._ready.wait())
        first: tuple[asyncio.Future[Any], ...] = (ready, self.ended)
        await asyncio.wait(first, timeout=_READY_S, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        self.affinity = shard.affinity
        changes: dict[str, str | None] = {
            name: value for name, value in environment.items() if self._environment.get(name) != value
        }
        changes.update({name: None for name in self._environment if name not in environment})
        self._environment = dict(environment)
        order = [[ordinal, item.nodeid] for ordinal, item in items]
        begin: Message = {"do": "begin", "items": order, "environment": changes, "last": last}
        await self.channel.send({**begin, "failures_left": failures_left, "sticky": list(sticky)})

    def note_run(self, nodeid: str) -> None:
        """Take note of a test that it has run."""
        self.ran += 1
        self.latest.append(nodeid)

    async def decide(self, decision: Message) -> None:
        """Say what follows the last item."""
        await self.channel.send(decision)

    def hear(self, message: Message) -> None:
        """Take an event of the runner."""
        if message["event"] == "ready":
            self._open_captures(message["captures"])
            self._ready.set()
        elif self._inbox is not None:
            self._inbox(message)
        else:
            self._waiting.append(message)

    def bury(self, death: Death) -> None:
        """Take note of its end, after its last event."""
        if not self.ended.done():
            self.ended.set_result(death)
            self.pump.close()
            self.hear({"event": "death"})

    async def stacks(self) -> str:
        """Have it write the stacks of its threads, and return them; empty when it cannot."""
        before = self._stacks_size()
        with suppress(OSError):
            os.kill(self.pid, dump_signal())
            for _ in range(20):
                await asyncio.sleep(0.05)
                if self._stacks_size() > before:
                    await asyncio.sleep(0.05)
                    break
        return self.fault()

    def fault(self) -> str:
        """What the fault handler wrote."""
        with suppress(OSError):
            return self._stacks.read_bytes()[-_TAIL:].decode(errors="replace")
        return ""

    def captured(self) -> str:
        """The end of what the running test printed and pytest had captured; also after the process died."""
        parts = []
        for title, descriptor in zip(("stdout", "stderr"), self._captures, strict=False):
            with suppress(OSError):
                size = os.fstat(descriptor).st_size
                data = os.pread(descriptor, _TAIL, max(0, size - _TAIL))
                if data:
                    parts.append(f"{f' Captured {title} ':-^80}\n{data.decode(errors='replace')}")
        return "\n".join(parts)

    async def kill(self) -> Death:
        """Kill it with all its descendants."""
        if self._agent is not None:
            await self._agent.kill()
        elif not self.ended.done():
            await asyncio.to_thread(kill_tree, self.pid)
        return await self._await_end()

    async def end(self, grace_s: float) -> SessionEnd:
        """Have it end its session; kill it when that takes longer."""
        await self.channel.send({"do": "end"})
        await asyncio.wait([self.ended], timeout=grace_s)
        in_time = self.ended.done()
        return SessionEnd(death=await self.kill(), grace_s=None if in_time else grace_s)

    def close(self) -> None:
        """Let go of what was kept of it."""
        for descriptor in self._captures:
            os.close(descriptor)
        self._captures = []
        self._stacks.unlink(missing_ok=True)

    async def _await_end(self) -> Death:
        await asyncio.wait([self.ended], timeout=10)
        if not self.ended.done():  # its parent hangs or is gone, so nobody reaped it
            self.bury(Death(code=None, signal=signal.SIGKILL))
        return self.ended.result()

    def _stacks_size(self) -> int:
        with suppress(OSError):
            return self._stacks.stat().st_size
        return 0

    def _open_captures(self, descriptors: list[int]) -> None:
        for descriptor in descriptors:
            with suppress(OSError):  # without them a crash is told without its last output
                self._captures.append(os.open(f"/proc/{self.pid}/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC))


def kill_tree(pid: int) -> None:
    """Kill a process and its descendants; a runner adopts orphans, so they are all below it."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        family = process.children(recursive=True)
        process.kill()
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
