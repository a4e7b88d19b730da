"""Which shards a worker leaves to others for their own good."""

from collections.abc import Mapping
from typing import Final

from dtf.breakers.permit import Permit
from dtf.domain.breaker import BreakerMode, BreakerState, Target
from dtf.domain.shard import ClaimedShard
from dtf.resilience.breaker import BreakerRecord

#: Doubts below this one make no target worse than another.
DOUBT: Final = 0.05
#: Who has not asked its breaker for so long is no worker that could take a shard, in seconds.
_ALIVE_S: Final = 60.0
#: How long a shard that is left to others is not to be had, in seconds: most canaries have returned by then.
WAIT_S: Final = 1.5
#: A shard is left to others so often.
_TIMES: Final = 2
#: So many shards that were left to others are remembered.
_MOST: Final = 10_000


class Sparing:
    """Leaves a shard that has no retry left to lose to a worker whose device is less in doubt, if there is one.

    It waits a moment for them, in which a canary settles the doubt here. That happens a few times at most: it may be
    that none of them takes it.
    """

    def __init__(self) -> None:
        self._spared: dict[str, int] = {}

    def is_due(self, claim: ClaimedShard, permit: Permit) -> bool:
        """Whether it is worth looking for another worker."""
        return is_last(claim) and permit.bad > DOUBT and self._spared.get(claim.shard_id, 0) < _TIMES

    def spares(self, claim: ClaimedShard, permit: Permit, states: Mapping[Target, BreakerRecord]) -> bool:
        """Whether the shard is left to others.

        Args:
            claim: The shard.
            permit: Leave to use what it would run on here.
            states: All breakers.
        """
        own = {hold.target for hold in permit.holds}
        hardware = {target.hardware for target in own}
        others = {t: record for t, record in states.items() if t.hardware in hardware and t not in own}
        latest = max((record.at for record in states.values()), default=0.0)
        if not any(_is_better(record, permit.bad, latest) for record in others.values()):
            return False
        self._spared[claim.shard_id] = self._spared.get(claim.shard_id, 0) + 1
        while len(self._spared) > _MOST:
            self._spared.pop(next(iter(self._spared)))
        return True


def is_last(claim: ClaimedShard) -> bool:
    """Whether one more failure that counts would be a shard's end."""
    return claim.crashes >= claim.job.max_retries


def _is_better(record: BreakerRecord, bad: float, latest: float) -> bool:
    takes_work = record.state is BreakerState.CLOSED and record.mode is not BreakerMode.FORCED_OPEN
    return takes_work and latest - record.at < _ALIVE_S and record.belief.bad < bad / 2
