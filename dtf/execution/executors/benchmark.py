"""Measures models."""

import logging
import os
import platform
import signal
import time
from collections.abc import Mapping
from dataclasses import replace

from dtf.domain import proof as words
from dtf.domain.codec import to_json
from dtf.domain.errors import BadInputError
from dtf.domain.outcome import Outcome
from dtf.domain.ports.executor import SlotContext
from dtf.domain.shard import AttemptResult, ClaimedShard
from dtf.domain.specs import JobSpec
from dtf.domain.work import BenchmarkWork, JobKind
from dtf.execution.executors.model_hosts import ModelHosts
from dtf.execution.host.lost import HostDiedError, HostSilentError, OrderCancelledError
from dtf.execution.host.messages import Order, Report

logger = logging.getLogger(__name__)

#: Hardware that only a browser reaches.
_OF_BROWSERS = ("webgpu", "webnn")
_GONE = "the slot's Celery process is gone"


class BenchmarkExecutor:
    """Measures models in host processes, one per slot, which keep the model loaded from job to job.

    When a job of a model is done, the next one of the same model is claimed for the slot, as many in a row as the
    job's ``batch_size_limit`` says; then the host is replaced. A job that fails, or that costs the host its life, has
    no influence on those that follow: they get a new host.

    Args:
        idle_s: How long a host without orders stays, in seconds.
    """

    kind = JobKind.BENCHMARK

    def __init__(self, *, idle_s: float = 60.0) -> None:
        self._hosts = ModelHosts(idle_s=idle_s)
        self._ended: set[int] = set()

    async def run(self, shard: ClaimedShard, context: SlotContext) -> AttemptResult:
        """Measure the job's model, or say why it cannot be measured."""
        work = shard.job.work
        if not isinstance(work, BenchmarkWork):
            raise TypeError(f"{shard.job.name} is no benchmark")
        began, started_at = time.monotonic(), time.time()
        self._ended.discard(context.slot)
        try:
            report = await self._measure(shard, work, context)
        except BadInputError as error:
            report = _unmeasured(Outcome.ERROR, str(error))
        except OSError as error:
            report = _unmeasured(Outcome.ERROR, f"the interpreter of the model host cannot be started: {error}")
        result = _result(shard, context, report)
        if await self._hosts.give_back(work, context, healthy=report.healthy):
            await _go_on(shard, context)
        return replace(result, started_at=started_at, duration_s=time.monotonic() - began)

    async def prepare(self, job_id: str, job: JobSpec, context: SlotContext) -> None:
        """Do nothing: a host costs about what a claim does, and its model more than an idle slot should hold."""

    async def end_slot(self, slot: int) -> None:
        """Kill the slot's host."""
        self._ended.add(slot)
        await self._hosts.drop(slot)

    async def vacate(self, slot: int) -> None:
        """Kill the slot's host: it holds the memory of a device that another job gets."""
        await self._hosts.drop(slot)

    async def close(self) -> None:
        """Kill all hosts."""
        await self._hosts.close()

    async def _measure(self, shard: ClaimedShard, work: BenchmarkWork, context: SlotContext) -> Report:
        tag = _tag(context)
        host = await self._hosts.take(work, context)
        if context.slot in self._ended:  # while the host was started
            return _unmeasured(Outcome.INFRA, _GONE)
        host.print_to(context.log)
        order = Order(
            number=0,
            do="measure",
            arguments={"work": to_json(work), "tag": tag, "threads": _threads(context.slots)},
            workdir=str(context.workdir),
            artifacts=str(context.artifacts),
            time_limit_s=shard.job.timeout_s,
        )
        try:
            return await host.ask(order, cancelled=context.cancelled)
        except OrderCancelledError:
            return _unmeasured(Outcome.CANCELLED, context.cancel_reason)
        except HostSilentError:
            return _unmeasured(Outcome.TIMEOUT, f"it took longer than {shard.job.timeout_s:g} s")
        except HostDiedError as error:
            if context.slot in self._ended:
                return _unmeasured(Outcome.INFRA, _GONE)
            return _unmeasured(*_judge(error))


def _tag(context: SlotContext) -> str:
    """What the model runs on: of ``gpu`` the kind of the device that the slot has.

    Raises:
        BadInputError: No runtime of a benchmark reaches it.
    """
    if context.hardware in _OF_BROWSERS:
        raise BadInputError(
            f"a benchmark does not run on {context.hardware}: only a browser reaches that; "
            "submit a job of type browser with the model"
        )
    if context.hardware == "gpu" and context.devices:
        return context.devices[0].kind
    return context.hardware


def _threads(slots: int) -> int:
    """A slot's share of the processors."""
    return max(1, len(os.sched_getaffinity(0)) // max(1, slots))


async def _go_on(shard: ClaimedShard, context: SlotContext) -> None:
    """Claim the next job of the same model for this slot."""
    if not shard.affinity or context.cancelled.is_set():
        return
    following = await context.follow_on()
    if following is not None:
        logger.debug("%s follows on %s with the model loaded", following.shard_id, shard.shard_id)


def _unmeasured(outcome: Outcome, reason: str) -> Report:
    return Report(number=0, outcome=outcome, reason=reason, healthy=False)


def _judge(error: HostDiedError) -> tuple[Outcome, str]:
    """Who is to blame for the end of a host: the job, unless it was killed from outside."""
    if error.end.signal == signal.SIGKILL:
        return Outcome.INFRA, "killed by SIGKILL, which dtf did not send (out of memory, or somebody's kill -9)"
    if error.end.signal is not None:
        return Outcome.ERROR, f"the model host crashed {error.how}"
    last = error.printed.splitlines()[-1:] or [""]
    told = f": {last[0][:300]}" if last[0] else ""
    return Outcome.ERROR, f"the model host ended {error.how}{told}"


def _result(shard: ClaimedShard, context: SlotContext, report: Report) -> AttemptResult:
    return AttemptResult(
        shard_id=shard.shard_id,
        attempt=shard.attempt,
        worker_id=context.worker_id,
        slot=context.slot,
        outcome=report.outcome,
        reason=report.reason,
        metrics=report.metrics,
        proof={**_where(context), **report.proof},
        cpu_s=_number(report.data, "cpu_s"),
        max_rss_bytes=int(_number(report.data, "max_rss_bytes")),
    )


def _where(context: SlotContext) -> Mapping[str, str]:
    """What the slot knows of where it runs; the host adds what it saw."""
    found = {"host": platform.node(), words.HARDWARE: context.hardware}
    if context.devices:
        found[words.DEVICE] = " ".join(device.uuid for device in context.devices)
        found[words.DEVICE_NAME] = "; ".join(device.name for device in context.devices)
    if any(device.simulated for device in context.devices):
        found[words.SIMULATED] = words.YES
    return found


def _number(data: Mapping[str, object], name: str) -> float:
    value = data.get(name, 0.0)
    return float(value) if isinstance(value, int | float) else 0.0
