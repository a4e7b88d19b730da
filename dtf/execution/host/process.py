"""The guardian's side of a host process."""

import asyncio
import itertools
import signal
from collections.abc import Mapping
from pathlib import Path

from dtf.domain.codec import from_json, to_json
from dtf.domain.errors import BadInputError
from dtf.domain.ports.executor import Exit, Process, Spawner
from dtf.execution.host.line_channel import LineChannel, Message
from dtf.execution.host.log_pump import LogPump, Sink
from dtf.execution.host.lost import HostDiedError, HostSilentError, OrderCancelledError
from dtf.execution.host.messages import Order, Report

#: How long after the order's limit an answer that was on its way is waited for, in seconds.
PATIENCE_S = 1.0
#: How long a host has to end by itself when nothing is ordered any more, in seconds.
_CLOSE_S = 5.0


class HostProcess:
    """A process that carries out orders, one at a time, and stays warm between them.

    It is started with ``--channel FD`` after its own arguments and serves that socket (``dtf.execution.host.serve``).
    An order that takes longer than its limit costs the process: it is killed with its whole tree.

    Attributes:
        pid: Its first process.
        answered: How many orders it has answered.
    """

    def __init__(self, process: Process, channel: LineChannel, pump: LogPump) -> None:
        self.pid = process.pid
        self.answered = 0
        self._process = process
        self._channel = channel
        self._pump = pump
        self._numbers = itertools.count(1)
        self._waiting: tuple[int, asyncio.Future[Report]] | None = None
        self._end: Exit | None = None
        channel.listen(self._hear)
        self._watch = asyncio.create_task(self._wait())

    @classmethod
    async def start(
        cls,
        argv: tuple[str, ...],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        spawner: Spawner,
        slot: int | None,
    ) -> "HostProcess":
        """Start a host; whether it comes up shows with its first order.

        Args:
            argv: The program and its arguments; ``--channel FD`` is added.
            cwd: Its working directory; an order may name another one.
            environment: Its whole environment.
            spawner: Starts it.
            slot: The slot that it belongs to.

        Raises:
            OSError: It could not be started.
        """
        channel, theirs = LineChannel.pair()
        pump = LogPump()
        try:
            process = await spawner.spawn(
                (*argv, "--channel", str(theirs.fileno())),
                cwd=cwd,
                environment=environment,
                stdout=pump.write_end,
                stderr=pump.write_end,
                pass_fds=(theirs.fileno(),),
                slot=slot,
            )
        except OSError:
            pump.close_write_end()
            pump.close()
            await channel.finish()
            raise
        finally:
            theirs.close()
        pump.close_write_end()
        return cls(process, channel, pump)

    @property
    def alive(self) -> bool:
        """Whether it can take an order."""
        return self._end is None

    def print_to(self, sink: Sink | None) -> None:
        """Send what it prints from now on there; None: keep the last of it for the next."""
        self._pump.attach(sink)

    def printed(self) -> str:
        """The last of what it printed."""
        return self._pump.tail()

    async def ask(self, order: Order, *, cancelled: asyncio.Event | None = None) -> Report:
        """Have an order carried out; its number is set here.

        Args:
            order: What to do; its time limit, and what it may take after that, bound the wait.
            cancelled: Ends the wait, and the host, when it is set.

        Raises:
            HostDiedError: The host ended before it answered.
            HostSilentError: It did not answer in time and has been killed.
            OrderCancelledError: ``cancelled`` was set, and it has been killed.
            RuntimeError: Another order is being carried out.
        """
        if self._waiting is not None:
            raise RuntimeError("a host takes one order at a time")
        number, answer = next(self._numbers), asyncio.get_running_loop().create_future()
        self._waiting = (number, answer)
        called_off = asyncio.create_task((cancelled or asyncio.Event()).wait())
        try:
            await self._channel.send({**to_json(order), "number": number})
            await asyncio.wait(
                (answer, called_off, self._watch),
                timeout=_patience_s(order),
                return_when=asyncio.FIRST_COMPLETED,
            )
            return await self._outcome(answer, order, cancelled=called_off.done())
        finally:
            called_off.cancel()
            answer.cancel()
            self._waiting = None

    async def close(self) -> None:
        """Have it end by itself, and kill what is left of it."""
        await self._channel.finish(0.0)
        await asyncio.wait((self._watch,), timeout=_CLOSE_S)
        await self.kill()

    async def kill(self) -> Exit:
        """Kill it with all its descendants."""
        end = await self._process.kill(0.0)
        await self._watch
        return end

    async def _outcome(self, answer: asyncio.Future[Report], order: Order, *, cancelled: bool) -> Report:
        if answer.done():
            self.answered += 1
            return answer.result()
        if self._end is not None:
            raise HostDiedError(_how(self._end), self.printed(), self._end)
        await self.kill()
        if cancelled:
            raise OrderCancelledError
        raise HostSilentError(order.do, _patience_s(order))

    def _hear(self, message: Message) -> None:
        if self._waiting is None or message.get("number") != self._waiting[0]:
            return  # the answer to an order that nobody waits for any more
        answer = self._waiting[1]
        if answer.done():
            return
        try:
            answer.set_result(from_json(Report, message))
        except BadInputError as error:
            answer.set_exception(error)

    async def _wait(self) -> None:
        end = await self._process.wait()
        await self._channel.finish()  # what it said last counts
        self._pump.close()
        self._end = end


def _patience_s(order: Order) -> float:
    return order.time_limit_s + order.after_s + PATIENCE_S


def _how(end: Exit) -> str:
    if end.signal is None:
        return f"with status {end.code}"
    try:
        return f"by {signal.Signals(end.signal).name}"
    except ValueError:
        return f"by signal {end.signal}"
