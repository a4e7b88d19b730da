"""One process of the suite's interpreter that runs the session agent."""

import asyncio
import signal
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from dtf.domain.errors import BadInputError
from dtf.domain.outcome import Outcome
from dtf.domain.ports.executor import Process, Spawner
from dtf.execution.executors.pytest_session.death import Death
from dtf.execution.executors.pytest_session.failure import SessionFailedError, explain
from dtf.execution.executors.pytest_session.manifest import manifest_of
from dtf.execution.executors.pytest_session.suite import LAUNCH, Suite
from dtf.execution.host.line_channel import LineChannel, Message
from dtf.execution.host.log_pump import LogPump

if TYPE_CHECKING:
    from dtf.domain.manifest import Manifest

OnMessage = Callable[[Message], None]


class AgentProcess:
    """Starts an agent, waits for its collection and hears its end.

    Attributes:
        collected: The manifest, or the ``SessionFailedError`` that says why there is none.
        ended: How the process ended.
        unsafe: Why it may not be forked; empty when it may. Known once it has collected.
        pytest_version: Of the suite's interpreter.
        notes: What of the suite's options has no effect, for people.
        pump: What it prints.
        channel: The connection.
    """

    def __init__(self, suite: Suite, process: Process, channel: LineChannel, pump: LogPump) -> None:
        loop = asyncio.get_running_loop()
        self.suite = suite
        self.process = process
        self.channel = channel
        self.pump = pump
        self.unsafe = ""
        self.pytest_version = ""
        self.notes: list[str] = []
        self.collected: asyncio.Future[Manifest] = loop.create_future()
        self.ended: asyncio.Future[Death] = loop.create_future()
        self._collecting = ""
        self._answer: Message | None = None
        self._farewell: asyncio.Task[None] | None = None
        self._waiting: list[Message] = []
        self._on_message: OnMessage = self._waiting.append
        channel.listen(self._hear)
        self._watch = asyncio.create_task(self._wait())

    @classmethod
    async def start(
        cls, suite: Suite, spawner: Spawner, order: Message, environment: Mapping[str, str], slot: int | None
    ) -> "AgentProcess":
        """Start the interpreter with the agent.

        Raises:
            SessionFailedError: The interpreter cannot be started.
        """
        channel, theirs = LineChannel.pair()
        pump = LogPump()
        try:
            process = await spawner.spawn(
                (suite.interpreter.path, str(LAUNCH), str(theirs.fileno())),
                cwd=suite.workdir,
                environment=environment,
                stdout=pump.write_end,
                stderr=pump.write_end,
                pass_fds=(theirs.fileno(),),
                slot=slot,
            )
        except OSError as error:
            pump.close_write_end()
            pump.close()
            await channel.finish()
            reason = f"the interpreter {suite.interpreter.path} cannot be started: {error}"
            raise SessionFailedError(Outcome.ERROR, reason) from error
        finally:
            theirs.close()
        pump.close_write_end()
        agent = cls(suite, process, channel, pump)
        base = {"args": suite.arguments, "testrun_uid": suite.testrun_uid, "dump_signal": dump_signal()}
        base["only"] = list(suite.work.only)
        await channel.send({**base, **order})
        return agent

    def on_message(self, callback: OnMessage) -> None:
        """Pass on what is not about the collection."""
        self._on_message = callback
        waiting, self._waiting = self._waiting, []
        for message in waiting:
            callback(message)

    async def close(self, grace_s: float) -> None:
        """Have it end; kill it with all its descendants when it does not within so many seconds."""
        if not self.ended.done():
            await self.channel.send({"do": "end"})
            await asyncio.wait([self.ended], timeout=grace_s)
        await self.kill()

    async def kill(self) -> None:
        """Kill it with all its descendants, also those that outlived it."""
        await self.process.kill(grace_s=0.0)
        await asyncio.wait([self._watch])

    def _hear(self, message: Message) -> None:
        event = message["event"]
        if event == "collecting":
            self._collecting = message["nodeid"]
        elif event == "collected":
            self.unsafe = message["unsafe"]
            self.pytest_version = message["pytest"]
            self._take(message)
        elif event in ("uncollected", "no_pytest"):
            self._answer = self._answer or message
        elif event == "note":
            self.notes.append(message["text"])
        else:
            self._on_message(message)

    def _take(self, message: Message) -> None:
        """Take the manifest, or end the agent when its marks ask for what cannot be read."""
        try:
            manifest = manifest_of(message, self.suite.requirements)
        except BadInputError as error:
            text = "\n".join(f"ERROR: {line}" for line in str(error).split("\n"))
            self._answer = {"event": "uncollected", "text": text}
            self._farewell = asyncio.create_task(self.channel.send({"do": "end"}))
            return
        if not self.collected.done():
            self.collected.set_result(manifest)

    async def _wait(self) -> None:
        end = await self.process.wait()
        await self.channel.finish()
        self.pump.close()
        death = Death(code=end.code, signal=end.signal, cpu_s=end.cpu_s, max_rss_bytes=end.max_rss_bytes)
        if not self.collected.done():
            self.collected.set_exception(
                explain(
                    death,
                    python=self.suite.interpreter.path,
                    answer=self._answer,
                    collecting=self._collecting,
                    printed=self.pump.tail(),
                )
            )
            self.collected.exception()  # somebody may never ask: that is no error of the loop's
        self.ended.set_result(death)


def dump_signal() -> int:
    """The signal at which a runner writes the stacks of its threads; a real-time one, which suites leave alone."""
    return int(signal.SIGRTMAX) - 3
