"""What a slot does for one hint: the hinted shard, and those that follow on."""

import asyncio
import logging
from dataclasses import replace
from weakref import WeakKeyDictionary

from dtf.breakers.permit import Permit, Refusal
from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.match import devices_of
from dtf.domain.outcome import Outcome, gravest
from dtf.domain.queue import base_tag
from dtf.domain.recovery import RecoveryAction
from dtf.domain.shard import AttemptResult, ClaimedShard, Disposition, Requeue
from dtf.domain.slot import Slot
from dtf.domain.work import BenchmarkWork, CommandWork
from dtf.execution.files import remove_tree
from dtf.execution.guardian.artifact_collector import ArtifactCollector
from dtf.execution.guardian.asking_anew import ask_anew
from dtf.execution.guardian.attempt import Attempt
from dtf.execution.guardian.claimant import Claimed, claim_hinted
from dtf.execution.guardian.first_look import first_look
from dtf.execution.guardian.interruption import Cause, Interruption
from dtf.execution.guardian.messages import ShardReply
from dtf.execution.guardian.probe import Probe
from dtf.execution.guardian.services import Services
from dtf.execution.guardian.sparing import WAIT_S
from dtf.execution.guardian.spool import SpoolEntry, encode_pieces
from dtf.execution.guardian.targets import attempt_targets
from dtf.execution.guardian.witness import in_page
from dtf.execution.recovery import Patient
from dtf.resilience.recovery import decide

log = logging.getLogger(__name__)


class SlotChain:
    """Claims the hinted shard, runs it and what follows on, and records each.

    A module's shards come one after the other on one slot, so that its fixtures live over all of them. The next one
    is claimed while the last test of the present one is held back, and from then on it is this slot's to run or to
    give back. Results are recorded in their order while the next shard runs; the chain ends with the last record.
    Jobs of one model follow each other in the same way, up to the limit that they set.

    A shard may need several slots, one for each of its devices; what follows on has the same. For each attempt the
    breakers of what the slots own are asked before the shard is claimed.
    """

    def __init__(self, slots: tuple[Slot, ...], queue: str, services: Services, probe: Probe | None = None) -> None:
        """Build one.

        Args:
            slots: Where it runs.
            queue: Where the hint came from.
            services: What all attempts share.
            probe: What its one shard runs under, where that stands in for a canary; None: it does not.
        """
        self.slot = slots[0].number
        self._slots = slots
        self._queue = queue
        self._services = services
        self._probe = probe
        self._taken = 0
        self._attempts: list[Attempt] = []
        self._outcomes: list[Outcome] = []
        self._ran: list[str] = []
        self._reason = ""
        self._recordings: list[asyncio.Task[None]] = []
        self._decided: WeakKeyDictionary[Attempt, Disposition] = WeakKeyDictionary()
        self._interruption: Interruption | None = None

    def interrupt(self, interruption: Interruption) -> None:
        """End whatever runs, and give back what was to follow."""
        self._interruption = self._interruption or interruption
        for attempt in self._attempts:
            attempt.interrupt(interruption)

    async def run(self, shard_id: str) -> ShardReply:
        """Run the chain that begins with a hinted shard."""
        services = self._services
        if services.draining:
            if self._probe is not None:
                await services.ward.leave(self._probe.permit)
            return ShardReply(claimed=False, reason="the worker is draining", unserved=services.drained)
        permit = await self._enter()
        if isinstance(permit, Refusal):
            return ShardReply(claimed=False, reason=str(permit.error()), unserved=True)
        try:
            found = await self._claim(shard_id, permit)
        except LedgerUnavailableError as error:
            return ShardReply(claimed=False, reason=str(error))
        if found.shard is None:
            # a shard that this worker failed is another's to have: its hint is put back
            reason = found.left or "the shard is not to be had"
            return ShardReply(claimed=False, reason=reason, unserved=bool(found.left))
        attempt: Attempt | None = self._take(found.shard, permit)
        if found.note:
            self._attempts[0].log.note(found.note)
        try:
            await self._spare(self._attempts[0])
            while attempt:
                await self._run(attempt)
                attempt = self._attempts[0] if self._attempts else None
        finally:
            for left in self._attempts:  # none, but after an error: its lease is to end
                self._services.leases.drop(left.claim.shard_id, left.claim.attempt)
            await asyncio.gather(*self._recordings, return_exceptions=True)
        for recorded in self._recordings:
            recorded.result()
        return ShardReply(
            claimed=True,
            outcome=gravest(self._outcomes),
            attempts=len(self._outcomes),
            ran=tuple(self._ran),
            reason=self._reason,
        )

    async def _enter(self) -> Permit | Refusal:
        """Ask to use what the slots own."""
        services = self._services
        if self._probe is not None:
            return self._probe.permit
        devices = devices_of(services.config.worker, self._slots, self._queue) or ()
        return await services.ward.enter(attempt_targets(services.config.worker, services.ward.healthiest(devices)))

    async def _claim(self, shard_id: str, permit: Permit) -> Claimed:
        """Claim the hinted shard; without one the permit is given back."""
        found = Claimed()
        try:
            found = await claim_hinted(self._services, shard_id, self.slot)
        finally:
            if found.shard is None:
                await self._services.ward.leave(permit)
        return found

    def _take(self, claim: ClaimedShard, permit: Permit) -> Attempt:
        attempt = Attempt(claim, self._slots, self._services, self._follow_on, permit)
        self._taken += 1
        self._attempts.append(attempt)
        self._services.leases.hold(attempt)
        if self._interruption:
            attempt.interrupt(self._interruption)
        elif not self._takes(claim.queue):
            reason = f"its hint did not come from its queue {claim.queue}, and slot {self.slot} cannot take it"
            attempt.interrupt(Interruption(cause=Cause.MISDIRECTED, reason=reason))
        return attempt

    async def _spare(self, attempt: Attempt) -> None:
        """Leave a shard to others that may not run here, or would lose its last retry or much time where it may."""
        ward = self._services.ward
        reason = await ask_anew(ward, attempt, is_probe=self._probe is not None)
        permit = None if self._probe is not None else attempt.permit
        if permit and await ward.spares(attempt.claim, permit):
            reason = f"it has no retry left to lose, and {attempt.targets[0]} is bad with {100 * permit.bad:.0f} %"
        elif permit and (bad := await first_look(ward, attempt.claim, permit)):
            reason = f"it would run for long, and a canary that went ahead of it found {bad} bad"
        if reason:
            attempt.interrupt(Interruption(cause=Cause.SPARED, reason=reason))

    def _takes(self, queue: str) -> bool:
        return devices_of(self._services.config.worker, self._slots, queue) is not None

    async def _follow_on(self, attempt: Attempt) -> ClaimedShard | None:
        services = self._services
        if services.draining or self._interruption or attempt.interruption or self._probe is not None:
            return None
        work = attempt.claim.job.work
        if isinstance(work, BenchmarkWork) and self._taken >= work.batch_size_limit:
            return None
        if attempt.claim.action is RecoveryAction.ISOLATE:
            return None
        if attempt.claim.max_failures and self._recordings:
            await asyncio.wait(self._recordings[-1:])  # so that the claim's count has their failures
        # a job's shards stay with their browser: what the first one set up is there
        permit = await services.ward.enter(attempt.targets)
        if isinstance(permit, Refusal):
            return None
        claim = None
        try:
            claim = await services.database.call(
                services.shards.claim_follow_on,
                attempt.claim,
                worker_id=services.worker_id,
                slot=self.slot,
                lease_s=services.config.lease_s,
                queues=self._further_queues(attempt.claim),
            )
        finally:
            if claim is None:
                await services.ward.leave(permit)
        if claim:
            await self._spare(self._take(claim, permit))
        return claim

    def _further_queues(self, claim: ClaimedShard) -> tuple[str, ...]:
        """Where jobs of the same model may wait that these slots can take, beside the present one's queue."""
        work = claim.job.work
        if not isinstance(work, BenchmarkWork) or work.hardware_grouping:
            return ()
        tag = base_tag(claim.queue)
        return tuple(q for q in self._services.open_queues if base_tag(q) == tag and self._takes(q))

    async def _run(self, attempt: Attempt) -> None:
        isolated = attempt.claim.action is RecoveryAction.ISOLATE
        try:
            with self._services.ward.occupied(self._slots):
                if isolated:
                    await self._services.restorer.start_anew(self._numbers)
                result = await (attempt.run() if self._probe is None else self._run_probe(attempt, self._probe))
                if isolated:
                    await self._services.restorer.start_anew(self._numbers)
        except BaseException:
            # not renewed any more, the leases end and the coordinator takes the shards back
            attempt.send()
            for held in self._attempts:
                self._services.leases.drop(held.claim.shard_id, held.claim.attempt)
            raise
        self._attempts.remove(attempt)
        if attempt.interruption and attempt.interruption.cause is Cause.CANCELLED:
            for following in self._attempts:
                if following.claim.job_id == attempt.claim.job_id:
                    following.interrupt(attempt.interruption)
        self._outcomes.append(result.outcome)
        self._ran.append(f"{attempt.claim.shard_id}:{attempt.claim.attempt}")
        self._reason = self._reason or result.reason
        recording = asyncio.create_task(self._record(attempt, result, self._recordings[-1:]))
        self._recordings.append(recording)
        if result.outcome is Outcome.INFRA and result.crashed:
            await self._recover(attempt, recording)

    async def _run_probe(self, attempt: Attempt, probe: Probe) -> AttemptResult:
        """Run what stands in for a canary, which is over soon or ended."""
        too_long = Interruption(cause=Cause.SPARED, reason=f"it ran for longer than {probe.limit_s:g} s")
        timer = asyncio.get_running_loop().call_later(probe.limit_s, attempt.interrupt, too_long)
        try:
            return probe.judged(await attempt.run())
        finally:
            timer.cancel()

    async def _recover(self, attempt: Attempt, recording: asyncio.Task[None]) -> None:
        """Do on the slot what was decided about a failure, before anything else runs there."""
        failed_at = asyncio.get_running_loop().time()
        await asyncio.wait((recording,))
        decided = self._decided.pop(attempt, None)
        if not isinstance(decided, Requeue) or self._interruption:
            return
        patient = Patient(
            target=attempt.targets[0],
            slots=self._numbers,
            devices=attempt.devices,
            shard_id=attempt.claim.shard_id,
            attempt=attempt.claim.attempt,
            failed_at=failed_at,
            in_page=in_page(attempt.claim),
        )
        with self._services.ward.occupied(self._slots):
            await self._services.restorer.restore(patient, decided)

    @property
    def _numbers(self) -> tuple[int, ...]:
        return tuple(slot.number for slot in self._slots)

    async def _record(self, attempt: Attempt, result: AttemptResult, before: list[asyncio.Task[None]]) -> None:
        """Record a result after the one before, while the slot goes on."""
        try:
            if before:
                await asyncio.wait(before)
            attempt.send()
            await self._deliver(attempt, result)
        except BaseException:
            self._services.leases.drop(attempt.claim.shard_id, attempt.claim.attempt)
            raise
        finally:
            await asyncio.to_thread(remove_tree, attempt.scratch)

    async def _deliver(self, attempt: Attempt, result: AttemptResult) -> None:
        services, claim = self._services, attempt.claim
        try:
            disposition = self._decided[attempt] = await self._decide(attempt, result)
            files = await asyncio.to_thread(self._collect, attempt)
            log_pieces = encode_pieces(attempt.log.take())
            entry = SpoolEntry(result=result, disposition=disposition, log=log_pieces, files=files)
            accepted = await services.recorder.record(services.spool, entry)
        finally:
            await services.ward.refunds.delivered(claim.shard_id)
        log.info("attempt %d of %s: %s, %s", claim.attempt, claim.shard_id, result.outcome, _FATES[accepted])

    async def _decide(self, attempt: Attempt, result: AttemptResult) -> Disposition:
        """What becomes of the shard, after the breakers were told what came of the attempt."""
        claim, services = attempt.claim, self._services
        circumstances = await services.witness.testify(attempt, result)
        if result.outcome is Outcome.INFRA:
            await services.experience.refresh()
        disposition = decide(
            result,
            crashes=claim.crashes,
            refunds=claim.refunds,
            max_retries=claim.job.max_retries,
            circumstances=circumstances,
            choose=services.experience.chooser(attempt.hardware),
        )
        if attempt.interruption and attempt.interruption.cause is Cause.SPARED and isinstance(disposition, Requeue):
            # nobody is to be avoided: the canary may find that this worker is the best there is
            return replace(disposition, delay_s=WAIT_S)
        return disposition

    def _collect(self, attempt: Attempt) -> tuple[tuple[str, str], ...]:
        if attempt.workdir is None:
            return ()
        spool, claim = self._services.spool, attempt.claim
        collector = ArtifactCollector(
            destination=spool.files(spool.path(claim.shard_id, claim.attempt)),
            cap=self._services.config.artifact_cap,
            note=attempt.log.note,
        )
        patterns = claim.job.work.artifacts if isinstance(claim.job.work, CommandWork) else ()
        return collector.collect(attempt.scratch / "artifacts", attempt.workdir, patterns)


_FATES = {True: "accepted", False: "stale", None: "spooled"}
