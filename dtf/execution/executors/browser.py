"""Executes what is to be done in a browser."""

import asyncio
import logging
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import asdict, replace
from pathlib import Path

from dtf.domain.outcome import Outcome
from dtf.domain.ports.executor import SlotContext
from dtf.domain.ports.offer import Offer
from dtf.domain.proof import ELSEWHERE, INJECTED, INJECTED_CLEARED, RAN_ELSEWHERE
from dtf.domain.recovery import RecoveryAction
from dtf.domain.shard import AttemptResult, ClaimedShard, Metric
from dtf.domain.specs import JobSpec
from dtf.domain.work import BrowserCheck, BrowserWork, JobKind
from dtf.execution.browser_host.choice import BrowserChoice, Family
from dtf.execution.browser_host.limits import AFTER_S, INJECTION_S
from dtf.execution.executors.browser_pool.offering import offered
from dtf.execution.executors.browser_pool.opened import BrowserUnavailableError, Opened
from dtf.execution.executors.browser_pool.pool import BrowserPool
from dtf.execution.executors.browser_pool.slot_browser import SlotBrowser
from dtf.execution.executors.browser_pool.wish import (
    SimulatedBrowserError,
    Wish,
    chosen_browser,
    device_words,
    host_environment,
)
from dtf.execution.host.lost import HostDiedError, HostLostError, HostSilentError, OrderCancelledError
from dtf.execution.host.messages import Order, Report
from dtf.execution.host.process import HostProcess

_log = logging.getLogger(__name__)

_WITH_THE_HOST = "the browser's host was ended"
_SCRIPTS = (sys.executable, "-P", "-m", "dtf.execution.browser_host", "--scripts")


class BrowserExecutor:
    """Runs checks in the slots' warm browsers.

    Args:
        pool: The browsers.
        web_assets: The directory with what comes from npm; None: where set-up puts it.
    """

    kind = JobKind.BROWSER

    def __init__(self, pool: BrowserPool | None = None, *, web_assets: Path | None = None) -> None:
        self.pool = pool or BrowserPool()
        self._web_assets = web_assets
        self._scripts: dict[int, HostProcess] = {}

    async def run(self, shard: ClaimedShard, context: SlotContext) -> AttemptResult:
        """Run one check to its end, its time limit, or until ``context.cancelled`` is set."""
        work = shard.job.work
        if not isinstance(work, BrowserWork):
            raise TypeError(f"{shard.job.name} is nothing for a browser")
        began, started_at = time.monotonic(), time.time()
        self.pool.holders.pop(context.slot, None)
        try:
            choice = await asyncio.to_thread(chosen_browser, context.devices)
        except SimulatedBrowserError as error:
            result = _result(shard, context, Outcome.INFRA, f"{RAN_ELSEWHERE}: {error}")
            words = {**result.proof, ELSEWHERE: str(error)}
            return replace(result, proof=words, started_at=started_at, duration_s=time.monotonic() - began)
        if choice is None:
            result = _result(shard, context, Outcome.INFRA, "no browser is installed on this worker")
        else:
            result = await self._run(shard, work, context, choice)
        return replace(result, started_at=started_at, duration_s=time.monotonic() - began)

    async def prepare(self, job_id: str, job: JobSpec, context: SlotContext) -> None:
        """Do nothing: a browser is started on its slot, and which slot that is shows with the first check."""

    def offered(
        self, job_id: str, context: SlotContext, environment: Mapping[str, str]
    ) -> AbstractAsyncContextManager[Offer]:
        """The browser of a slot, for a suite or a command that runs there while the block does.

        Args:
            job_id: The job; shards of one job that follow each other find the same browser.
            context: The attempt's.
            environment: The worker's, in which the browser runs.

        Raises:
            BrowserUnavailableError: None is installed, or it does not come up.
        """
        return offered(self.pool, job_id, context, environment)

    async def end_slot(self, slot: int) -> None:
        """Kill what runs for the slot."""
        if script := self._scripts.get(slot):
            await script.kill()
        await self.pool.end_slot(slot)

    def renewable(self, slot: int) -> Sequence[RecoveryAction]:
        """By what parts of the slot's browser can be replaced now."""
        return self.pool.of(slot).renewable

    async def renew(self, slot: int, action: RecoveryAction, hardware: str) -> str:
        """Replace a part of the slot's browser, and have a page of it compute; what is wrong, empty: nothing."""
        return await self.pool.of(slot).renew(action, hardware)

    async def close(self) -> None:
        """End every browser."""
        await asyncio.gather(*(script.kill() for script in list(self._scripts.values())))
        await self.pool.close()

    async def _run(
        self, shard: ClaimedShard, work: BrowserWork, context: SlotContext, choice: BrowserChoice
    ) -> AttemptResult:
        browser, began = self.pool.of(context.slot), time.monotonic()
        is_script = work.check is BrowserCheck.SCRIPT
        order: Order | None = None
        wish = Wish(choice=choice, debug_port=is_script, environment=host_environment(context.environment))
        try:
            if is_script and choice.family is Family.FIREFOX:
                # other programs cannot connect to it: the script's process starts one of its own
                opened = Opened(launched=True, version="")
            else:
                opened = await browser.open(wish, context.spawner, cancelled=context.cancelled)
            ready_s = time.monotonic() - began
            order = self._order(shard, work, context, opened, choice)
            if is_script:
                report = await self._run_script(order, context)
            else:
                report = await browser.ask(order, context.log, context.cancelled)
        except BrowserUnavailableError as error:
            return _result(shard, context, Outcome.INFRA, f"{choice.browser} could not be used: {error}")
        except HostLostError as error:
            result = _result(shard, context, *_lost(error, shard.job.timeout_s, context.cancel_reason))
            # what may have been injected by then is no sign of the browser's own, and is not injected again
            return replace(result, proof={**result.proof, **_untold(context)}) if order else result
        finally:
            browser.leave()
        self.pool.figures.jobs[choice.browser] += 1
        result = _result(shard, context, report.outcome, report.reason)
        return replace(
            result,
            metrics=(*report.metrics, *self._metrics(browser, ready_s)),
            max_rss_bytes=browser.memory_bytes,
            proof={
                **result.proof,
                **device_words(choice, context.devices),
                **_proof(choice, opened),
                **(_untold(context) if report.outcome is Outcome.TIMEOUT else {}),
                **report.proof,
            },
        )

    def _order(
        self, shard: ClaimedShard, work: BrowserWork, context: SlotContext, opened: Opened, choice: BrowserChoice
    ) -> Order:
        real = [device for device in context.devices if not device.simulated]
        software = real[0].details.get("software") if real else None
        arguments: dict[str, object] = {
            "target": work.target,
            "provider": work.provider,
            "args": list(work.args),
            "tolerance": work.tolerance,
            "seed": work.seed,
            "hardware": context.hardware,
            "software": software,
            "endpoint": opened.endpoint,
            "choice": asdict(choice),
        }
        if context.inject:
            arguments["inject"] = context.inject
        if self._web_assets is not None:
            arguments["web_assets"] = str(self._web_assets)
        return Order(
            number=0,
            do=work.check.value,
            arguments=arguments,
            workdir=str(context.workdir),
            artifacts=str(context.artifacts),
            time_limit_s=shard.job.timeout_s,
            after_s=AFTER_S + (INJECTION_S if context.inject else 0.0),
        )

    async def _run_script(self, order: Order, context: SlotContext) -> Report:
        """Run a user's script in a process of its own."""
        host = await HostProcess.start(
            _SCRIPTS,
            cwd=context.workdir,
            # a driver that is killed removes nothing; the scratch directory goes with the attempt
            environment={**context.environment, "TMPDIR": str(context.scratch)},
            spawner=context.spawner,
            slot=context.slot,
        )
        self._scripts[context.slot] = host
        host.print_to(context.log)
        try:
            return await host.ask(order, cancelled=context.cancelled)
        except HostDiedError as error:
            reason = f"the script's process ended {error.how}"
            return Report(number=order.number, outcome=Outcome.ERROR, reason=reason)
        finally:
            del self._scripts[context.slot]
            with suppress(HostLostError):
                await host.kill()

    def _metrics(self, browser: SlotBrowser, ready_s: float) -> tuple[Metric, ...]:
        return (
            Metric(name="browser_ready_s", value=ready_s, unit="s"),
            Metric(name="browser_memory", value=browser.memory_bytes, unit="bytes"),
            Metric(name="browser_jobs", value=browser.jobs, unit=""),
            *self.pool.figures.metrics,
        )


def _proof(choice: BrowserChoice, opened: Opened) -> dict[str, str]:
    proof = {
        "browser": choice.browser,
        "browser_version": opened.version,
        "browser_executable": choice.executable,
        "browser_launched": "yes" if opened.launched else "no",
    }
    if opened.instead_of is not None:
        proof["browser_replaced"] = opened.instead_of.value
    return proof


def _untold(context: SlotContext) -> dict[str, str]:
    """What is said of the failure that a host was to inject and told nothing of: it was not seen, and went with it."""
    return {INJECTED: context.inject, INJECTED_CLEARED: _WITH_THE_HOST} if context.inject else {}


def _lost(error: HostLostError, limit_s: float, cancel_reason: str) -> tuple[Outcome, str]:
    if isinstance(error, OrderCancelledError):
        return Outcome.CANCELLED, cancel_reason
    if isinstance(error, HostSilentError):
        return Outcome.TIMEOUT, f"it took longer than {limit_s:g} s"
    return Outcome.INFRA, f"the browser's host crashed: {error}"


def _result(shard: ClaimedShard, context: SlotContext, outcome: Outcome, reason: str) -> AttemptResult:
    return AttemptResult(
        shard_id=shard.shard_id,
        attempt=shard.attempt,
        worker_id=context.worker_id,
        slot=context.slot,
        outcome=outcome,
        reason=reason,
        proof={"host": platform.node()},
    )
