"""Gives shards back the retries that a bad device cost them."""

import logging
from collections.abc import Iterable

from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.ports.shards import Shards
from dtf.execution.guardian.database import Database

log = logging.getLogger(__name__)


class Refunds:
    """Gives shards back the retries that a bad device cost them, once their failures are in the ledger.

    What cannot be given back now is owed, and tried again.
    """

    def __init__(self, shards: Shards, database: Database) -> None:
        """Build it.

        Args:
            shards: Where retries are given back.
            database: Runs its calls.
        """
        self._shards = shards
        self._database = database
        self._undelivered: dict[str, int] = {}
        self._owed: set[str] = set()

    def expect(self, shard_id: str) -> None:
        """A shard's failure is known here and not in the ledger yet."""
        self._undelivered[shard_id] = self._undelivered.get(shard_id, 0) + 1

    async def delivered(self, shard_id: str) -> None:
        """A shard's result is in the ledger, or is spooled for it."""
        if shard_id in self._undelivered:
            self._undelivered[shard_id] -= 1
            if not self._undelivered[shard_id]:
                del self._undelivered[shard_id]
            await self.pay()

    def owe(self, shard_ids: Iterable[str]) -> None:
        """These shards' failures were their device's."""
        self._owed.update(shard_ids)

    async def pay(self) -> None:
        """Give back what is owed, as far as that is possible now."""
        due = sorted(self._owed.difference(self._undelivered))
        if not due:
            return
        self._owed.difference_update(due)
        try:
            count = await self._database.call(self._shards.refund, due)
        except LedgerUnavailableError as error:
            self._owed.update(due)
            log.warning("retries of %d shards cannot be given back now: %s", len(due), error)
        else:
            log.info("%d of %d shards got a retry back", count, len(due))
