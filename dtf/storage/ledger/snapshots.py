"""What learners keep over a restart, over the ledger's tables."""

from collections.abc import Sequence

import sqlalchemy as sa

from dtf.domain.ports.recoveries import Snapshots
from dtf.storage.database import Database, now
from dtf.storage.ledger.recovery_schema import learned
from dtf.storage.ledger.upsert import insert_into


class LedgerSnapshots(Snapshots):
    """JSON text by name, in the table ``learned``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, key: str, value: str) -> None:
        """Keep a text in place of what was kept under the name."""

        def write(connection: sa.Connection) -> None:
            insert = insert_into(connection, learned).values(key=key, value=value, updated_at=now())
            update = insert.on_conflict_do_update(
                index_elements=["key"], set_={"value": insert.excluded.value, "updated_at": now()}
            )
            connection.execute(update)

        self._database.write(write)

    def load(self, key: str) -> str | None:
        """What is kept under a name; None: nothing."""
        wanted = sa.select(learned.c.value).where(learned.c.key == key)
        return self._database.read(lambda connection: connection.scalar(wanted))

    def keys(self) -> Sequence[str]:
        """All names, sorted."""
        wanted = sa.select(learned.c.key).order_by(learned.c.key)
        return self._database.read(lambda connection: list(connection.scalars(wanted)))
