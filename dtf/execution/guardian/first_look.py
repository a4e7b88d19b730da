"""Has canaries go ahead of long shards."""

import asyncio

from dtf.breakers.permit import Permit
from dtf.domain.breaker import Target
from dtf.domain.shard import ClaimedShard
from dtf.execution.guardian.ward import TOOTHLESS, Ward
from dtf.resilience.job_group import job_group
from dtf.resilience.looking_first import looks_first


async def first_look(ward: Ward, claim: ClaimedShard, permit: Permit) -> Target | None:
    """Have canaries look at what a shard is to run on, where the doubt would cost more than they do.

    How long such shards run is what was learned of their group; of one that nothing is known of nobody looks.

    Args:
        ward: Keeps the breakers of the worker.
        claim: The shard, before it begins.
        permit: Leave to use what it would run on.

    Returns:
        What they found bad; None: nothing.
    """
    breakers, group = ward.breakers, job_group(claim.job)
    if breakers.config.policy in TOOTHLESS:
        return None
    doubted = [
        hold.target
        for hold in permit.holds
        if ward.can_look(hold.target)
        and looks_first(hold.bad, breakers.numbers.expected_s(hold.target, group), ward.canary_s(hold.target))
    ]
    limit_s = breakers.config.hold_s
    await asyncio.gather(*(ward.verdict(target, limit_s) for target in doubted))
    return next((target for target in doubted if ward.is_held(target)), None)
