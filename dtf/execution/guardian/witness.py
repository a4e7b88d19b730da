"""Tells the breakers what attempts say about their devices."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, Protocol

from dtf.breakers.client import Breakers
from dtf.breakers.permit import Permit
from dtf.domain.breaker import BAD_SIGNS, BreakerState, Sign, Target
from dtf.domain.outcome import Outcome
from dtf.domain.shard import AttemptResult, ClaimedShard
from dtf.domain.specs import JobSpec
from dtf.domain.work import BrowserWork
from dtf.domain.worker import WorkerInfo
from dtf.execution.guardian.canary_round import tell
from dtf.execution.guardian.sparing import is_last
from dtf.execution.guardian.targets import lost_targets
from dtf.execution.guardian.ward import TOOTHLESS, Ward
from dtf.resilience.classify import sign_of, was_killed
from dtf.resilience.job_group import job_group
from dtf.resilience.kills import Kills
from dtf.resilience.recovery import Circumstances

_GRAVITY: Final = (BreakerState.CLOSED, BreakerState.HALF_OPEN, BreakerState.OPEN)


def in_page(claim: ClaimedShard) -> bool:
    """Whether a shard runs in a page of its slot's browser."""
    return isinstance(claim.job.work, BrowserWork) and claim.job.work.in_page


class Tried(Protocol):
    """An attempt, as a witness sees it."""

    @property
    def claim(self) -> ClaimedShard:
        """The shard."""
        ...

    @property
    def hardware(self) -> str:
        """The hardware tag of the shard."""
        ...

    @property
    def targets(self) -> tuple[Target, ...]:
        """What can be bad under it."""
        ...

    @property
    def permit(self) -> Permit | None:
        """Leave to use them; None: nobody was asked."""
        ...


class Witness:
    """Tells the breakers what attempts say about their devices, before it is decided what becomes of their shards.

    So a shard whose failure opens a breaker does not pay for it, and neither do those whose failures led there: their
    retries are given back.
    """

    def __init__(self, ward: Ward, *, stops: Callable[[], bool] = lambda: False) -> None:
        """Build one.

        Args:
            ward: Keeps the breakers of the worker.
            stops: Whether the worker takes no more work, so that a process of it that goes is no surprise.
        """
        self._ward = ward
        self._stops = stops
        self._kills = Kills()

    @property
    def _breakers(self) -> Breakers:
        return self._ward.breakers

    async def testify(self, attempt: Tried, result: AttemptResult) -> Circumstances:
        """Tell what an attempt came to, and say what is known of its devices then.

        Where one failure alone would decide whose fault it was, canaries look at the device: before a shard loses its
        last retry to it, and before a failure is forgiven that may have been the shard's own.
        """
        permit, sign, claim = attempt.permit, self._sign(attempt, result), attempt.claim
        unknown = Circumstances(hardware=attempt.hardware, in_page=in_page(claim))
        if permit is None or not permit.holds:
            return unknown
        if sign is None:
            await self._ward.leave(permit)
            return unknown
        reference = claim.shard_id if sign in BAD_SIGNS and result.crashed else ""
        recorded = await asyncio.to_thread(
            lambda: self._breakers.record(
                permit, sign, group=job_group(claim.job), duration_s=result.duration_s, reference=reference
            )
        )
        tell(recorded)
        if sign not in BAD_SIGNS:
            return unknown
        # its own failure is not in the ledger yet, and will not count there
        self._ward.refunds.owe(shard_id for shard_id in recorded.refunds if shard_id != claim.shard_id)
        if reference:
            self._ward.refunds.expect(claim.shard_id)
        await self._ward.refunds.pay()
        if sign is Sign.CRASH and result.outcome is Outcome.INFRA:
            self._ward.ask_canaries(attempt.targets)  # what kills everything kills them too
        await self._ward.look_at(attempt.targets)
        if self._breakers.config.policy in TOOTHLESS:  # nothing is refused, so nothing is forgiven either
            return unknown
        place = await self._circumstances(attempt.targets, unknown)
        in_doubt = place.breaker is BreakerState.CLOSED and (place.forgives or is_last(claim))
        if in_doubt and (sign is Sign.INFRA or was_killed(result)):
            await self._hear_canaries(attempt.targets)
            place = await self._circumstances(attempt.targets, unknown)
        return replace(place, usual=recorded.usual)

    def _sign(self, attempt: Tried, result: AttemptResult) -> Sign | None:
        """What an attempt says; of a kill it depends on which were killed there before."""
        if result.lost:  # by what it ran, perhaps
            return None if self._stops() else Sign.CRASH
        sign = sign_of(result)
        if sign is not Sign.CRASH or not was_killed(result):
            return sign
        group, numbers = job_group(attempt.claim.job), self._breakers.numbers
        own = min((numbers.rates(target, group).group for target in attempt.targets), default=0.0)
        return self._kills.sign(attempt.targets, group, time.monotonic(), own=own)

    async def testify_lost(self, worker: WorkerInfo, held: Iterable[tuple[int, str, JobSpec]]) -> None:
        """Tell what an earlier guardian held as it died: each a crash, as any of it may be what killed it.

        Args:
            worker: The worker.
            held: What it was, as (slot, queue, job).
        """
        for slot, queue, job in held:
            targets = lost_targets(worker, slot, queue)
            permit = await self._ward.enter(targets) if targets else None
            if isinstance(permit, Permit):
                tell(await asyncio.to_thread(self._breakers.record, permit, Sign.CRASH, group=job_group(job)))
                self._ward.ask_canaries(targets)

    async def _hear_canaries(self, targets: tuple[Target, ...]) -> None:
        limit_s = self._breakers.config.hold_s
        await asyncio.gather(*(self._ward.verdict(target, limit_s) for target in targets))

    async def _circumstances(self, targets: tuple[Target, ...], place: Circumstances) -> Circumstances:
        states = await asyncio.to_thread(self._breakers.states)
        known = [states[target] for target in targets if target in states]
        return replace(
            place,
            breaker=max((record.state for record in known), key=_GRAVITY.index, default=BreakerState.CLOSED),
            bad=max((record.belief.bad for record in known), default=0.0),
        )
