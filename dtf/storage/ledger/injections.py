"""The failures that jobs met on purpose: which attempt is to meet one, and what came of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from dtf.domain.events import EventKind
from dtf.domain.injection import read_injection
from dtf.domain.ports.injections import Injections
from dtf.domain.proof import INJECTED, INJECTED_CLEARED, INJECTED_SEEN, INJECTION_REFUSED
from dtf.domain.shard import AttemptResult, ShardKind
from dtf.storage.database import Database
from dtf.storage.ledger import outbox
from dtf.storage.ledger.json_text import load
from dtf.storage.ledger.schema import attempts
from dtf.storage.ledger.service_schema import events, is_injection
from dtf.storage.sanitiser import clean_text


class LedgerInjections(Injections):
    """Reads them from the outbox, where each stands in the transaction that recorded its attempt."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def told(self) -> Sequence[Mapping[str, object]]:
        """What is known of each, the oldest first."""
        wanted = (
            sa.select(events.c.at, events.c.subject, events.c.run_id, events.c.data)
            .where(is_injection)
            .order_by(events.c.sequence)
        )
        found = self._database.read(lambda connection: connection.execute(wanted).all())
        return [{"at": row.at, "shard": row.subject, "run": row.run_id, **load(row.data)} for row in found]

    def mark(self) -> tuple[int, int]:
        """How many there are, and the number of the last."""
        wanted = sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(events.c.sequence), 0)).where(is_injection)
        count, last = self._database.read(lambda connection: connection.execute(wanted).one())
        return count, last


def is_due(connection: Connection, shard: Row[Any]) -> bool:
    """Whether a shard that was claimed is the one of its job that meets the job's failure, and has not yet.

    It is the job's first; an attempt that told nothing, as its worker was lost, does not count.
    """
    if shard.kind != ShardKind.RUN or shard.rank != 0:
        return False
    told = [attempts.c.proof.contains(f'"{word}"', autoescape=True) for word in (INJECTED, INJECTION_REFUSED)]
    met = sa.select(sa.literal(1)).where(attempts.c.shard_id == shard.shard_id, sa.or_(*told)).limit(1)
    return connection.scalar(met) is None


def tell(connection: Connection, shard: Row[Any], result: AttemptResult) -> None:
    """Write as an event that an attempt met a failure on purpose, or was to meet one."""
    injected, refused = result.proof.get(INJECTED, ""), result.proof.get(INJECTION_REFUSED, "")
    if not injected and not refused:
        return
    seen = result.proof.get(INJECTED_SEEN, "")
    data = {
        "attempt": result.attempt,
        "worker": result.worker_id,
        "injection": clean_text(injected),
        "confirmed": bool(seen),
        "recorded": bool(seen) and read_injection(injected).recorded,
        "seen": clean_text(seen),
        "cleared": clean_text(result.proof.get(INJECTED_CLEARED, "")),
        "refused": clean_text(refused),
        "outcome": result.outcome.value,
    }
    outbox.tell(connection, EventKind.FAILURE_INJECTED, result.shard_id, shard.run_id, data)
