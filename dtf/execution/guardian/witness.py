"""Tells the breakers what attempts say about their devices."""

import asyncio
from dataclasses import replace
from typing import Final, Protocol

from dtf.breakers.client import Breakers
from dtf.breakers.permit import Permit
from dtf.domain.breaker import BAD_SIGNS, BreakerState, Sign, Target
from dtf.domain.shard import AttemptResult, ClaimedShard
from dtf.domain.work import BrowserWork
from dtf.execution.guardian.canary_round import tell
from dtf.execution.guardian.sparing import is_last
from dtf.execution.guardian.ward import TOOTHLESS, Ward
from dtf.resilience.classify import sign_of
from dtf.resilience.job_group import job_group
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

    def __init__(self, ward: Ward) -> None:
        """Build one.

        Args:
            ward: Keeps the breakers of the worker.
        """
        self._ward = ward

    @property
    def _breakers(self) -> Breakers:
        return self._ward.breakers

    async def testify(self, attempt: Tried, result: AttemptResult) -> Circumstances:
        """Tell what an attempt came to, and say what is known of its devices then.

        Where one failure alone would decide whose fault it was, canaries look at the device: before a shard loses its
        last retry to it, and before a failure is forgiven that may have been the shard's own.
        """
        permit, sign, claim = attempt.permit, sign_of(result), attempt.claim
        unknown = Circumstances(hardware=attempt.hardware, in_page=in_page(claim))
        if permit is None or not permit.holds:
            return unknown
        if sign is None:
            await self._ward.leave(permit)
            return unknown
        reference = claim.shard_id if sign in BAD_SIGNS else ""
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
        self._ward.refunds.expect(claim.shard_id)
        await self._ward.refunds.pay()
        await self._ward.look_at(attempt.targets)
        if self._breakers.config.policy in TOOTHLESS:  # nothing is refused, so nothing is forgiven either
            return unknown
        place = await self._circumstances(attempt.targets, unknown)
        in_doubt = place.breaker is BreakerState.CLOSED and (place.forgives or is_last(claim))
        if sign is Sign.INFRA and in_doubt:
            await self._hear_canaries(attempt.targets)
            place = await self._circumstances(attempt.targets, unknown)
        return replace(place, usual=recorded.usual)

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
