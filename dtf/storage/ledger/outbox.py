"""Events, written in the transaction of what they tell."""

from collections.abc import Mapping

from sqlalchemy.engine import Connection

from dtf.domain.events import EventKind
from dtf.storage.database import now
from dtf.storage.ledger.json_text import dump
from dtf.storage.ledger.service_schema import events


def tell(
    connection: Connection, kind: EventKind, subject: str, run_id: str = "", data: Mapping[str, object] | None = None
) -> int:
    """Add an event to the outbox; return its number."""
    done = connection.execute(
        events.insert().values(at=now(), kind=kind.value, subject=subject, run_id=run_id, data=dump(data or {}))
    )
    key = done.inserted_primary_key
    return int(key[0]) if key else 0
