"""Claims the shards that hints name."""

import logging
from collections.abc import Collection
from dataclasses import dataclass

from dtf.domain.breaker import Target
from dtf.domain.shard import ClaimedShard
from dtf.execution.guardian.services import Services

log = logging.getLogger(__name__)

_NEVERTHELESS = "it failed on this worker before, and no other one takes it now: what they have is held as bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What came of a hint.

    Attributes:
        shard: What was claimed; None: it is not to be had.
        left: Why it is left to other workers; empty: it is not.
        note: What is to be said of it; empty: nothing.
    """

    shard: ClaimedShard | None = None
    left: str = ""
    note: str = ""


async def claim_hinted(services: Services, shard_id: str, slot: int) -> Claimed:
    """Claim the shard of a hint.

    One that this worker failed is another's to have. Where all others are refused by their breakers it is taken at
    once: they are looked at only then.

    Raises:
        LedgerUnavailableError: Nobody knows.
    """
    if shard := await _claim(services, shard_id, slot):
        return Claimed(shard=shard)
    left = await services.database.call(services.shards.left_to_others, shard_id, services.worker_id)
    if not left:
        return Claimed()
    refusing = await services.ward.refusing()
    shard = await _claim(services, shard_id, slot, refusing) if refusing else None
    if shard is None:
        return Claimed(left=left)
    log.info("shard %s: %s", shard_id, _NEVERTHELESS)
    return Claimed(shard=shard, note=_NEVERTHELESS)


async def _claim(
    services: Services, shard_id: str, slot: int, refusing: Collection[Target] = ()
) -> ClaimedShard | None:
    return await services.database.call(
        services.shards.claim,
        shard_id,
        worker_id=services.worker_id,
        slot=slot,
        lease_s=services.config.lease_s,
        refusing=refusing,
    )
