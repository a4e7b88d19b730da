"""Keeps claims alive, and hears which are to end."""

import asyncio
import logging
from typing import Protocol

from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.ports.shards import Held, Shards
from dtf.execution.guardian.database import Database

log = logging.getLogger(__name__)


class Claim(Protocol):
    """Something that is held, as the keeper sees it."""

    def held(self) -> Held:
        """The claim with its progress."""
        ...

    def cancel(self, reason: str) -> None:
        """Somebody called it off."""
        ...

    def lose(self) -> None:
        """The claim is another's by now."""
        ...


class LeaseKeeper:
    """Renews all claims of the worker in one statement, and passes on what the answer says.

    A claim that is missing from the answer is lost. While the ledger is away nothing is given up: work goes on and
    its results are spooled; if a lease ended meanwhile, the attempt's number fences the result.
    """

    def __init__(
        self, shards: Shards, database: Database, *, worker_id: str, lease_s: float, interval_s: float
    ) -> None:
        self._shards = shards
        self._database = database
        self._worker_id = worker_id
        self._lease_s = lease_s
        self._interval_s = interval_s
        self._claims: dict[str, Claim] = {}
        self._ledger_away = False

    def hold(self, claim: Claim) -> None:
        """Keep a claim alive from now on."""
        self._claims[claim.held().shard_id] = claim

    def drop(self, shard_id: str, attempt: int) -> None:
        """Keep it no longer; a later attempt at the same shard stays."""
        claim = self._claims.get(shard_id)
        if claim and claim.held().attempt == attempt:
            del self._claims[shard_id]

    def shard_ids(self) -> list[str]:
        """What is held."""
        return list(self._claims)

    async def keep(self) -> None:
        """Renew until cancelled."""
        while True:
            await asyncio.sleep(self._interval_s)
            if self._claims:
                await self.renew()

    async def renew(self) -> None:
        """Renew once."""
        sent = dict(self._claims)
        held = [claim.held() for claim in sent.values()]
        try:
            answer = await self._database.call_soon(self._shards.renew, self._worker_id, held, self._lease_s)
        except LedgerUnavailableError as error:
            if not self._ledger_away:
                log.warning("claims cannot be renewed, work goes on: %s", error)
            self._ledger_away = True
            return
        except Exception:
            log.exception("claims cannot be renewed, work goes on")
            return
        self._ledger_away = False
        for shard_id, claim in sent.items():
            if self._claims.get(shard_id) is not claim:
                continue  # recorded meanwhile
            renewal = answer.get(shard_id)
            if renewal is None:
                log.warning("the claim on %s is lost", shard_id)
                del self._claims[shard_id]
                claim.lose()
            elif renewal.cancel_reason is not None:
                claim.cancel(renewal.cancel_reason)
