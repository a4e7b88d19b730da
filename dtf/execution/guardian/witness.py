"""Tells the breakers what attempts say about their devices."""

import asyncio
import logging
from typing import Final, Protocol

from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerPolicy
from dtf.breakers.permit import Permit, Recorded
from dtf.domain.breaker import BAD_SIGNS, BreakerState, Sign, Target
from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.ports.shards import Shards
from dtf.domain.shard import AttemptResult, ClaimedShard
from dtf.execution.guardian.canary_round import tell
from dtf.execution.guardian.database import Database
from dtf.execution.guardian.ward import Ward
from dtf.resilience.classify import sign_of
from dtf.resilience.job_group import job_group
from dtf.resilience.recovery import Circumstances

log = logging.getLogger(__name__)

#: Under these nothing is ever refused, so nothing is forgiven either.
_TOOTHLESS: Final = (BreakerPolicy.OFF, BreakerPolicy.METRICS)
_GRAVITY: Final = (BreakerState.CLOSED, BreakerState.HALF_OPEN, BreakerState.OPEN)


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

    def __init__(self, ward: Ward, shards: Shards, database: Database) -> None:
        """Build one.

        Args:
            ward: Keeps the breakers of the worker.
            shards: Where retries are given back.
            database: Runs its calls.
        """
        self._ward = ward
        self._shards = shards
        self._database = database
        self._undelivered: set[str] = set()
        self._owed: set[str] = set()

    @property
    def _breakers(self) -> Breakers:
        return self._ward.breakers

    async def testify(self, attempt: Tried, result: AttemptResult) -> Circumstances:
        """Tell what an attempt came to, and say what is known of its devices then.

        Before a shard loses its last retry to a device that is in doubt, the device's canary is waited for.
        """
        permit, sign, claim = attempt.permit, sign_of(result), attempt.claim
        hardware = attempt.hardware
        if permit is None or not permit.holds:
            return Circumstances(hardware=hardware)
        if sign is None:
            await self._ward.leave(permit)
            return Circumstances(hardware=hardware)
        reference = claim.shard_id if sign in BAD_SIGNS else ""
        recorded = await asyncio.to_thread(
            lambda: self._breakers.record(
                permit, sign, group=job_group(claim.job), duration_s=result.duration_s, reference=reference
            )
        )
        tell(recorded)
        if sign not in BAD_SIGNS:
            return Circumstances(hardware=hardware)
        self._undelivered.add(claim.shard_id)
        await self._ward.look_at(attempt.targets)
        await self._refund(recorded, claim.shard_id)
        if sign is Sign.INFRA and not recorded.refund and is_last(claim):
            await self._hear_canary(attempt.targets)
        return await self._circumstances(attempt.targets, hardware)

    async def delivered(self, shard_id: str) -> None:
        """An attempt's result is in the ledger, or on its way: what is owed to its shard can be given back."""
        self._undelivered.discard(shard_id)
        if self._owed and not self._owed.issubset(self._undelivered):
            await self._pay()

    async def _hear_canary(self, targets: tuple[Target, ...]) -> None:
        config = self._breakers.config
        for target in targets:
            if self._ward.doubts((target,)) > config.suspect_at and config.hold_s:
                await self._ward.verdict(target, config.hold_s)

    async def _refund(self, recorded: Recorded, own: str) -> None:
        # its own failure is not in the ledger yet, and will not count there
        self._owed.update(shard_id for shard_id in recorded.refunds if shard_id != own)
        await self._pay()

    async def _pay(self) -> None:
        due = sorted(self._owed - self._undelivered)
        if not due:
            return
        try:
            count = await self._database.call(self._shards.refund, due)
        except LedgerUnavailableError as error:
            log.warning("retries of %d shards cannot be given back now: %s", len(due), error)
            return
        self._owed.difference_update(due)
        log.info("%d of %d shards got a retry back", count, len(due))

    async def _circumstances(self, targets: tuple[Target, ...], hardware: str) -> Circumstances:
        if self._breakers.config.policy in _TOOTHLESS:
            return Circumstances(hardware=hardware)
        states = await asyncio.to_thread(self._breakers.states)
        known = [states[target] for target in targets if target in states]
        return Circumstances(
            breaker=max((record.state for record in known), key=_GRAVITY.index, default=BreakerState.CLOSED),
            bad=max((record.belief.bad for record in known), default=0.0),
            hardware=hardware,
        )


def is_last(claim: ClaimedShard) -> bool:
    """Whether one more failure that counts would be a shard's end."""
    return claim.crashes >= claim.job.max_retries
