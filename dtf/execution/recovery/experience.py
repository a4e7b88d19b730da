"""What a worker knows of recoveries: the ledger's history, learned anew from time to time."""

import asyncio
import logging
import random
from collections.abc import Sequence
from typing import Final

from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.failure import FailureType
from dtf.domain.ports.recoveries import Recoveries
from dtf.domain.recovery import Recovery, RecoveryAction
from dtf.execution.recovery.seams import Database
from dtf.resilience.bandit import RecoveryBandit, TimeLimits
from dtf.resilience.recovery import Choose

log = logging.getLogger(__name__)

#: How old what is known may be when a failure is to be decided on, in seconds.
FRESH_S: Final = 30.0
#: So many recoveries are looked back upon.
_MOST: Final = 1000
#: The bounds of the time that a restart and its probe may take, in seconds: a browser may need most of a minute.
_SHORTEST_S, _LONGEST_S = 10.0, 90.0


class Experience:
    """Chooses by the history of all workers, which the ledger has; strategies are compared on one hardware only.

    The history is learned from its beginning each time, so that what is known follows from the ledger alone. While
    the ledger is away the last one holds, and before the first the fixed order.
    """

    def __init__(self, recoveries: Recoveries, database: Database, rng: random.Random) -> None:
        """Build one that knows nothing.

        Args:
            recoveries: The history.
            database: Runs its calls.
            rng: Where chance comes from.
        """
        self._recoveries = recoveries
        self._database = database
        self._rng = rng
        self._bandits: dict[str, RecoveryBandit] = {}
        self._limits = TimeLimits(shortest_s=_SHORTEST_S, longest_s=_LONGEST_S)
        self._learned_at: float | None = None

    async def refresh(self) -> None:
        """Look at the history again, unless that was done lately."""
        now = asyncio.get_running_loop().time()
        if self._learned_at is not None and now - self._learned_at < FRESH_S:
            return
        self._learned_at = now
        try:
            self._learn(await self._database.call(self._recoveries.history, _MOST))
        except LedgerUnavailableError as error:
            log.warning("the history of recoveries cannot be read; the one before holds: %s", error)

    def chooser(self, hardware: str) -> Choose:
        """What chooses on a hardware."""

        def choose(failure: FailureType, offered: Sequence[RecoveryAction], tries: int) -> RecoveryAction:
            bandit = self._bandits.get(hardware)
            return bandit.choose(failure, offered, tries) if bandit else offered[0]

        return choose

    def limit_s(self, action: RecoveryAction) -> float:
        """How long an action and its probe may take, in seconds."""
        return self._limits.limit_s(action)

    async def add(self, recovery: Recovery) -> None:
        """Put a recovery into the history."""
        self._limits.learn_one(recovery.action, recovery.time_s, worked=recovery.succeeded)
        try:
            await self._database.call(self._recoveries.add, recovery)
        except LedgerUnavailableError as error:
            # it is one piece of experience; what becomes of the shard is recorded elsewhere
            log.warning("a recovery of %s is not remembered: %s", recovery.target, error)

    def _learn(self, history: Sequence[Recovery]) -> None:
        self._bandits = {}
        limits = TimeLimits(shortest_s=_SHORTEST_S, longest_s=_LONGEST_S)
        for recovery in history:
            hardware = recovery.target.hardware
            if hardware not in self._bandits:
                self._bandits[hardware] = RecoveryBandit(self._rng)
            self._bandits[hardware].learn_one(recovery)
            limits.learn_one(recovery.action, recovery.time_s, worked=recovery.succeeded)
        self._limits = limits
