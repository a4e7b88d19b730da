"""One attempt at a shard, from the claim to its result."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from dtf.breakers.permit import Permit
from dtf.domain.case import CaseResult
from dtf.domain.errors import LedgerUnavailableError, SourceError
from dtf.domain.match import devices_of
from dtf.domain.outcome import FAILURES, Outcome
from dtf.domain.ports.executor import Executor, SlotContext
from dtf.domain.ports.shards import Held
from dtf.domain.queue import base_tag
from dtf.domain.shard import AttemptResult, ClaimedShard
from dtf.domain.slot import Slot
from dtf.domain.specs import GPU_TAGS
from dtf.execution.device_watch.watch import DeviceWatch
from dtf.execution.git_checkout import SourceUnavailableError
from dtf.execution.guardian.attempt_environment import attempt_environment
from dtf.execution.guardian.attempt_log import AttemptLog
from dtf.execution.guardian.browser_offer import run_with_browser
from dtf.execution.guardian.device_environment import device_environment, where_it_ran
from dtf.execution.guardian.device_proof import with_evidence
from dtf.execution.guardian.failure_tally import FailureTally
from dtf.execution.guardian.injected_attempt import run_with_failure
from dtf.execution.guardian.interruption import Cause, Interruption
from dtf.execution.guardian.services import Services
from dtf.execution.guardian.targets import attempt_targets

log = logging.getLogger(__name__)

#: How long anything has that follows a kill, in seconds.
_LAST_PATIENCE_S = 5.0

#: Claims the shard that follows on a given one.
FollowOn = Callable[["Attempt"], Awaitable[ClaimedShard | None]]


class Attempt:
    """One attempt at a shard, from the claim to its result.

    It can be interrupted at any time, also before it begins. The first interruption counts.

    Attributes:
        claim: The shard.
        slot: Where it runs; the first, where it has several.
        hardware: The hardware tag of the shard.
        devices: What it has to itself there.
        targets: What can be bad under it.
        permit: Leave to use them, until what came of it was told; None: nobody was asked.
        interruption: Why it is ended before its time; None: it is not.
        log: Its log.
    """

    def __init__(
        self,
        claim: ClaimedShard,
        slots: tuple[Slot, ...],
        services: Services,
        follow_on: FollowOn,
        permit: Permit | None = None,
    ) -> None:
        worker = services.config.worker
        self.claim = claim
        self.slot = slots[0].number
        self.hardware = base_tag(claim.queue)
        # not the healthiest by now: it runs on what its permit is for
        permitted = permit.targets if permit else ()
        self.devices = services.ward.healthiest(devices_of(worker, slots, claim.queue) or (), permitted)
        self.targets = attempt_targets(worker, self.devices)
        self.permit = permit
        self._slots = slots
        self.interruption: Interruption | None = None
        self.scratch = services.home.scratch / f"{claim.shard_id}-{claim.attempt}"
        self.log = AttemptLog(services.config.log_cap, self._append)
        self.workdir: Path | None = None
        self._services = services
        self._follow_on = follow_on
        self._following: asyncio.Future[ClaimedShard | None] | None = None
        self._reported: dict[int, CaseResult] = {}
        self._failed = 0
        tally = services.tallies.setdefault(claim.job_id, FailureTally())
        self._failures = tally.since_claim()
        self._cancelled = asyncio.Event()
        self._context: SlotContext | None = None
        self._finished = False

    def send(self) -> None:
        """Its result is on its way to the ledger."""
        self._failures.tally.send(self._failed)

    # as the lease keeper sees it

    def held(self) -> Held:
        """The claim with its progress."""
        claim = self.claim
        return Held(shard_id=claim.shard_id, attempt=claim.attempt, done=len(self._reported), failed=self._failed)

    def cancel(self, reason: str) -> None:
        """Somebody called it off."""
        self.interrupt(Interruption(cause=Cause.CANCELLED, reason=reason))

    def lose(self) -> None:
        """The claim is another's by now."""
        self.interrupt(Interruption(cause=Cause.LOST, reason="the claim was lost: its lease had ended"))

    def interrupt(self, interruption: Interruption) -> None:
        """End it before its time; nothing happens when it has ended or is ending."""
        if self.interruption or self._finished:
            return
        self.interruption = interruption
        if self._context:
            self._context.cancel_reason = interruption.reason
        self._cancelled.set()

    async def run(self) -> AttemptResult:
        """Execute it; never raises but for cancellation."""
        began, started_at = time.monotonic(), time.time()
        try:
            result = self._unbegun() if self.interruption else await self._execute()
        finally:
            if self._following:  # a claim that is under way must be known before the slot goes on
                await asyncio.gather(self._following, return_exceptions=True)
            self._finished = True
        result = self._judge(result)
        return replace(
            result,
            proof={
                **where_it_ran(self.hardware, self.devices, asked=self.claim.job.hardware),
                **result.proof,
            },
            started_at=result.started_at or started_at,
            duration_s=result.duration_s or time.monotonic() - began,
        )

    async def _execute(self) -> AttemptResult:
        executor = self._services.executors.get(self.claim.job.kind)
        if executor is None:
            return self._result(Outcome.ERROR, f"this worker has no executor for jobs of kind {self.claim.job.kind}")
        sending = asyncio.create_task(self.log.send_continually())
        try:
            async with self._services.sources.use(self.claim.job.source) as (root, workdir):
                self.workdir = workdir
                self._context = await asyncio.to_thread(self._make_context, root, workdir)
                if self._context.hardware in (*GPU_TAGS, "gpu"):
                    await self._services.tenancy.move_in(tuple(slot.number for slot in self._slots), executor)
                return await self._watched(executor, self._context)
        except SourceError as error:
            return self._result(Outcome.ERROR, str(error))
        except (LedgerUnavailableError, SourceUnavailableError) as error:
            return self._result(Outcome.INFRA, f"the source cannot be had now: {error}")
        except OSError as error:
            log.exception("the worker cannot carry out %s", self.claim.shard_id)
            return self._result(Outcome.INFRA, f"the worker cannot carry it out: {error}")
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _watched(self, executor: Executor, context: SlotContext) -> AttemptResult:
        """Run it, and see on which GPUs its processes are."""
        numbers = {slot.number for slot in self._slots}
        watch = DeviceWatch(self._services.monitor)
        watch.start(self.devices, lambda: self._services.spawner.pids_of(numbers, frozenset(context.pids)))
        try:
            result = await self._supervise(executor, context)
        finally:
            evidence = await watch.stop()
        return with_evidence(result, evidence)

    async def _supervise(self, executor: Executor, context: SlotContext) -> AttemptResult:
        services = self._services
        running = asyncio.create_task(run_with_failure(self, context, services, lambda: self._work(executor, context)))
        called_off = asyncio.create_task(self._cancelled.wait())
        try:
            await asyncio.wait((running, called_off), return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                await self._end(running, executor)
            if not running.done() or running.cancelled():
                return self._result(Outcome.INFRA, "the executor did not end when it was told to")
            return running.result()
        except Exception as error:  # an executor's own failure is the infrastructure's
            log.exception("the executor failed with %s", self.claim.shard_id)
            return self._result(Outcome.INFRA, f"the executor failed: {type(error).__name__}: {error}")
        finally:
            called_off.cancel()
            running.cancel()

    async def _work(self, executor: Executor, context: SlotContext) -> AttemptResult:
        services = self._services
        return await run_with_browser(
            executor, self.claim, context, executors=services.executors, environment=services.environment
        )

    async def _end(self, running: asyncio.Task[AttemptResult], executor: Executor) -> None:
        """See to it that an interrupted executor comes to its end, and its processes with it."""
        if self.interruption and self.interruption.cause in (Cause.CHILD_GONE, Cause.STOPPING):
            await self._kill_slot(executor)
        await asyncio.wait((running,), timeout=self._services.config.patience_s)
        if running.done():
            return
        log.error("the executor of %s does not end; its processes are killed", self.claim.shard_id)
        await self._kill_slot(executor)
        running.cancel()
        await asyncio.wait((running,), timeout=_LAST_PATIENCE_S)

    async def _kill_slot(self, executor: Executor) -> None:
        try:
            await asyncio.wait_for(executor.end_slot(self.slot), _LAST_PATIENCE_S)
        except Exception:  # the kill below is the one that counts
            log.exception("the executor cannot end slot %d", self.slot)
        await self._services.spawner.end_slot(self.slot)

    def _judge(self, result: AttemptResult) -> AttemptResult:
        known = self._reported | {case.ordinal: case for case in result.cases}
        result = replace(result, cases=tuple(known[ordinal] for ordinal in sorted(known)))
        if self.interruption is None or result.outcome not in (Outcome.CANCELLED, Outcome.INFRA):
            return result  # it came to its end before it could be ended
        if self.interruption.cause is Cause.CANCELLED:
            return replace(result, outcome=Outcome.CANCELLED, reason=self.interruption.reason)
        # one that had not begun cannot be what ended the process
        lost = self._context is not None and self.interruption.cause in (Cause.CHILD_GONE, Cause.STOPPING)
        return replace(result, outcome=Outcome.INFRA, reason=self.interruption.reason, crashed=False, lost=lost)

    def _unbegun(self) -> AttemptResult:
        return self._result(Outcome.CANCELLED, "")

    def _result(self, outcome: Outcome, reason: str) -> AttemptResult:
        return AttemptResult(
            shard_id=self.claim.shard_id,
            attempt=self.claim.attempt,
            worker_id=self._services.worker_id,
            slot=self.slot,
            outcome=outcome,
            reason=reason,
        )

    def _make_context(self, root: Path, workdir: Path) -> SlotContext:
        services = self._services
        artifacts = self.scratch / "artifacts"
        artifacts.mkdir(parents=True)
        return SlotContext(
            worker_id=services.worker_id,
            slot=self.slot,
            slots=services.config.worker.slots,
            workdir=workdir,
            source_root=root,
            scratch=self.scratch,
            artifacts=artifacts,
            environment=self._environment(artifacts),
            spawner=services.spawner,
            log=self.log.add,
            report=self._report,
            follow_on=self._claim_follow_on,
            cancelled=self._cancelled,
            cancel_reason=self.interruption.reason if self.interruption else "",
            output_cap=services.config.output_cap,
            job_ends=self._job_ends,
            failures=lambda: self.claim.failures + self._failures.count,
            hardware=self.hardware,
            devices=self.devices,
        )

    def _environment(self, artifacts: Path) -> dict[str, str]:
        worker, hardware = self._services.config.worker, self.hardware
        return {
            **attempt_environment(self._services.environment, self.claim, self.slot, artifacts),
            **device_environment(hardware, self.devices, worker.devices),
        }

    def _report(self, case: CaseResult) -> None:
        if case.ordinal not in self._reported and case.outcome in FAILURES:
            self._failed += 1
            self._failures.tally.report()
        self._reported[case.ordinal] = case

    async def _claim_follow_on(self) -> ClaimedShard | None:
        """Claim once; a caller that goes away does not lose what was claimed."""
        if self._following is None:
            self._following = asyncio.ensure_future(self._follow_on(self))
        try:
            following = await asyncio.shield(self._following)
        except LedgerUnavailableError:  # then there is nothing to go on with
            return None
        if self._context:
            self._context.next_shard = following
        return following

    async def _job_ends(self) -> bool:
        """Whether nothing of the job can come to this worker any more, but for what a crash brings back."""
        services = self._services
        if services.draining:
            return True
        try:
            return not await services.database.call(services.shards.job_has_queued, self.claim.job_id)
        except LedgerUnavailableError:  # then it may as well
            return False

    async def _append(self, sequence: int, data: bytes) -> None:
        claim = self.claim
        await self._services.database.call(
            self._services.shards.append_log, claim.shard_id, claim.attempt, sequence, data
        )
