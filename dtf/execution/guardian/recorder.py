"""Brings results to the ledger, whatever happens in between."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.outcome import Outcome
from dtf.domain.ports.blobs import Blobs
from dtf.domain.ports.shards import Shards
from dtf.domain.shard import Artifact, AttemptResult, Finish
from dtf.execution.guardian.database import Database
from dtf.execution.guardian.spool import Spool, SpoolEntry

log = logging.getLogger(__name__)

_FIRST_DELAY_S = 0.2
_LONGEST_DELAY_S = 2.0
#: How much of the database's objection is kept.
_REASON_CAP = 500


class Recorder:
    """Brings results to the ledger.

    An entry is on disk before the ledger hears of it and is removed after the commit. While the ledger is away it is
    tried again and again; what the ledger refuses for any other reason is recorded as an error in its place, and what
    it refuses even then is set aside: nothing loops, nothing is dropped.
    """

    def __init__(self, shards: Shards, blobs: Blobs, database: Database, settled: Callable[[str, int], None]) -> None:
        """Build a recorder.

        Args:
            shards: Where results go.
            blobs: Where artifacts go.
            database: Runs the calls.
            settled: Called with shard and attempt once its result is in the ledger or set aside.
        """
        self._shards = shards
        self._blobs = blobs
        self._database = database
        self._settled = settled
        self._waiting: dict[Path, Spool] = {}
        self._retrying: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many results wait for the ledger."""
        return len(self._waiting)

    async def record(self, spool: Spool, entry: SpoolEntry) -> bool | None:
        """Spool a result and write it to the ledger.

        Returns:
            True when it counts, False when it is stale or was set aside, None when it waits for the ledger.

        Raises:
            LedgerUnavailableError: Neither the ledger nor the disk took it.
        """
        result = entry.result
        try:
            path = await asyncio.to_thread(spool.save, entry)
            spooled = True
        except OSError:
            log.exception("the result of %s cannot be spooled; the ledger may still take it", result.shard_id)
            path, spooled = spool.path(result.shard_id, result.attempt), False
        try:
            return await self._deliver(spool, path, entry)
        except LedgerUnavailableError as error:
            if not spooled:
                raise
            log.warning("the result of %s is spooled: %s", result.shard_id, error)
            self._retry_later(spool, path)
            return None

    async def replay(self, spool: Spool) -> None:
        """Bring what an earlier guardian spooled to the ledger.

        Raises:
            LedgerUnavailableError: The rest stays where it is.
        """
        for path in await asyncio.to_thread(spool.pending):
            if entry := await asyncio.to_thread(spool.load, path):
                accepted = await self._deliver(spool, path, entry)
                log.info("the spooled result of %s was delivered, accepted: %s", entry.result.shard_id, accepted)

    async def close(self) -> None:
        """Try no more; what waits is left for the next guardian."""
        if self._retrying:
            self._retrying.cancel()
            await asyncio.gather(self._retrying, return_exceptions=True)

    def _retry_later(self, spool: Spool, path: Path) -> None:
        self._waiting[path] = spool
        if self._retrying is None or self._retrying.done():
            self._retrying = asyncio.create_task(self._retry())

    async def _retry(self) -> None:
        delay = _FIRST_DELAY_S
        while self._waiting:
            await asyncio.sleep(delay)
            path, spool = next(iter(self._waiting.items()))
            try:
                entry = await asyncio.to_thread(spool.load, path)
                if entry:
                    await self._deliver(spool, path, entry)
            except LedgerUnavailableError:
                delay = min(delay * 2, _LONGEST_DELAY_S)
                continue
            except OSError:
                log.exception("the spooled result %s cannot be read; it is left for the next guardian", path)
            del self._waiting[path]
            delay = 0.0

    async def _deliver(self, spool: Spool, path: Path, entry: SpoolEntry) -> bool:
        result = entry.result
        try:
            accepted = await self._database.call(partial(self._write, spool.files(path), entry))
        except LedgerUnavailableError:
            raise
        except Exception as error:  # whatever a database may object to
            log.exception("the ledger refuses the result of %s, attempt %d", result.shard_id, result.attempt)
            accepted = False
            known = await self._deliver_refusal(result, error)
            await asyncio.to_thread(spool.remove if known else spool.refuse, path)
        else:
            await asyncio.to_thread(spool.remove, path)
        self._settled(result.shard_id, result.attempt)
        return accepted

    async def _deliver_refusal(self, result: AttemptResult, error: Exception) -> bool:
        told = AttemptResult(
            shard_id=result.shard_id,
            attempt=result.attempt,
            worker_id=result.worker_id,
            slot=result.slot,
            outcome=Outcome.ERROR,
            reason=f"the ledger refused the result: {type(error).__name__}: {error}"[:_REASON_CAP],
            started_at=result.started_at,
            duration_s=result.duration_s,
        )
        try:
            await self._database.call(self._shards.record, told, Finish())
        except LedgerUnavailableError:
            raise
        except Exception:
            log.exception("the ledger refuses even that; the result of %s is set aside", result.shard_id)
            return False
        return True

    def _write(self, files: Path, entry: SpoolEntry) -> bool:
        artifacts = tuple(found for name, stored in entry.files if (found := self._keep(name, files / stored)))
        for sequence, data in entry.log_pieces():
            self._shards.append_log(entry.result.shard_id, entry.result.attempt, sequence, data)
        return self._shards.record(replace(entry.result, artifacts=artifacts), entry.disposition)

    def _keep(self, name: str, path: Path) -> Artifact | None:
        try:
            return Artifact(name=name, digest=self._blobs.put(path), size=path.stat().st_size)
        except OSError:
            log.exception("the artifact %s cannot be read and is left out", name)
            return None
