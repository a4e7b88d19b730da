"""The learner of a Redis: its loop, put together."""

import threading
from collections.abc import Callable
from typing import Final

from dtf.breakers.config import BreakerConfig
from dtf.breakers.learning_loop import INTERVAL_S, LearningLoop
from dtf.breakers.redis_address import RedisAddress
from dtf.breakers.redis_learner import LEASE_S, RedisLease, RedisSnapshots
from dtf.breakers.redis_store import RedisStore

#: How long the learner waits for an answer, in seconds: nobody waits for the learner.
_TIMEOUT_S: Final = 5.0

#: A learner that does not come back keeps its turn for so many intervals.
_LEASE_TURNS: Final = 4


class RedisLearner:
    """A learner over the breakers in a Redis, with its lease and its snapshots there.

    Args:
        address: Where it is.
        config: The breakers' settings; the prefix is what counts.
        interval_s: How long it waits between two turns, in seconds.

    Attributes:
        store: The breakers.
        loop: What learns.
    """

    def __init__(self, address: RedisAddress, config: BreakerConfig, *, interval_s: float = INTERVAL_S) -> None:
        client = address.client(_TIMEOUT_S)
        self.store = RedisStore(client, config)
        lease_s = max(LEASE_S, _LEASE_TURNS * interval_s)
        self.loop = LearningLoop(
            self.store,
            RedisSnapshots(client, config.prefix),
            lease=RedisLease(client, config.prefix, lease_s=lease_s),
        )
        self._interval_s = interval_s

    def run(self, stop: threading.Event, *, after_turn: Callable[[], None] | None = None) -> None:
        """Learn until told to stop."""
        self.loop.run(stop, self._interval_s, after_turn=after_turn)

    def once(self) -> bool:
        """Take one turn; False: somebody else learns.

        Raises:
            StoreUnavailableError: The store does not answer.
        """
        learned = self.loop.turn()
        self.loop.end()
        return learned is not None

    def close(self) -> None:
        """Close its connections."""
        self.store.close()
