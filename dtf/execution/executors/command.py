"""Runs a program."""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dtf.domain.outcome import Outcome
from dtf.domain.ports.executor import Exit, Process, SlotContext
from dtf.domain.shard import AttemptResult, ClaimedShard
from dtf.domain.specs import JobSpec
from dtf.domain.work import CommandWork, JobKind
from dtf.execution.executors.output_pump import OutputPump

_GRACE_S = 5.0
#: Signals that a program brings on itself.
_CRASHES = frozenset((signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL))


class CommandExecutor:
    """Runs a program, without a shell: exit status 0 is passed, any other failed.

    Standard output and standard error go to the log as they come, standard input is empty. What the program leaves
    running is ended with it.
    """

    kind = JobKind.COMMAND

    def __init__(self) -> None:
        self._running: dict[int, Process] = {}

    async def run(self, shard: ClaimedShard, context: SlotContext) -> AttemptResult:
        """Run the program to its end, its time limit, or until ``context.cancelled`` is set."""
        work = shard.job.work
        if not isinstance(work, CommandWork):
            raise TypeError(f"{shard.job.name} is not a command")
        began, started_at = time.monotonic(), time.time()
        with OutputPump(context.log) as pump:
            try:
                process = await context.spawner.spawn(
                    work.argv,
                    cwd=context.workdir,
                    environment=context.environment,
                    stdout=pump.write_end,
                    stderr=pump.write_end,
                    slot=context.slot,
                )
            except (OSError, ValueError) as error:
                base = _result(shard, context, Outcome.ERROR, _not_started(work.argv[0], context.workdir, error))
                return replace(base, started_at=started_at)
            pump.start()
            self._running[context.slot] = process
            try:
                if context.started is not None:
                    await context.started(process.pid)
                result = await self._watch(shard, context, process)
            finally:
                self._running.pop(context.slot, None)
            await pump.finish()
        proof = {**result.proof, "pid": str(process.pid), "program": _resolved(work.argv[0], context.environment)}
        return replace(result, started_at=started_at, duration_s=time.monotonic() - began, proof=proof)

    async def _watch(self, shard: ClaimedShard, context: SlotContext, process: Process) -> AttemptResult:
        ending = asyncio.ensure_future(process.wait())
        called_off = asyncio.ensure_future(context.cancelled.wait())
        try:
            await asyncio.wait((ending, called_off), timeout=shard.job.timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                end = ending.result()
                await process.kill(0.0)  # what it left running
                outcome, reason = _judge(end)
            elif context.cancelled.is_set():
                end = await process.kill(_GRACE_S)
                outcome, reason = Outcome.CANCELLED, context.cancel_reason
            else:
                end = await process.kill(_GRACE_S)
                outcome, reason = Outcome.TIMEOUT, f"it took longer than {shard.job.timeout_s:g} s"
        finally:
            called_off.cancel()
            ending.cancel()
        return replace(
            _result(shard, context, outcome, reason),
            exit_code=end.code,
            signal=end.signal,
            cpu_s=end.cpu_s,
            max_rss_bytes=end.max_rss_bytes,
        )

    async def prepare(self, job_id: str, job: JobSpec, context: SlotContext) -> None:
        """Do nothing: a program needs no warming up."""

    async def end_slot(self, slot: int) -> None:
        """Kill the program that runs on the slot."""
        if process := self._running.get(slot):
            await process.kill(0.0)

    async def close(self) -> None:
        """Kill every program."""
        await asyncio.gather(*(process.kill(0.0) for process in list(self._running.values())))


def _result(shard: ClaimedShard, context: SlotContext, outcome: Outcome, reason: str) -> AttemptResult:
    return AttemptResult(
        shard_id=shard.shard_id,
        attempt=shard.attempt,
        worker_id=context.worker_id,
        slot=context.slot,
        outcome=outcome,
        reason=reason,
        proof={"host": os.uname().nodename, "platform": sys.platform},
    )


def _judge(end: Exit) -> tuple[Outcome, str]:
    if end.code == 0:
        return Outcome.PASSED, ""
    if end.code is not None:
        return Outcome.FAILED, f"exit status {end.code}"
    number = end.signal or 0
    name = _signal_name(number)
    if number == signal.SIGKILL:
        return Outcome.INFRA, f"killed by {name}, which dtf did not send (out of memory, or somebody's kill -9)"
    if number in _CRASHES:
        return Outcome.ERROR, f"it crashed with {name}"
    return Outcome.FAILED, f"ended by {name}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _not_started(program: str, workdir: Path, error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError) and str(error.filename) == str(workdir):
        return f"the working directory {workdir} is not there"
    if isinstance(error, FileNotFoundError):
        place = f"in {workdir}" if "/" in program else "on the PATH"
        return f"the program {program!r} was not found {place} (or the interpreter that its first line names)"
    if isinstance(error, PermissionError):
        return f"the program {program!r} cannot be executed: it is not an executable file"
    return f"the program {program!r} cannot be started: {error}"


def _resolved(program: str, environment: Mapping[str, str]) -> str:
    return shutil.which(program, path=environment.get("PATH")) or program
