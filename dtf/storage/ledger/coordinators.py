"""Which coordinators live: each tells so when it keeps the leader's lease or tries for it."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.ports.control import Presence
from dtf.domain.ports.monitor import CoordinatorView
from dtf.storage.database import now
from dtf.storage.ledger.history_schema import coordinators
from dtf.storage.ledger.upsert import insert_into

#: One that was not heard for so long is forgotten, in seconds.
FORGOTTEN_S = 86_400.0
#: It is told no more often than this, in seconds: a standby tries each second.
TOLD_EACH_S = 2.5


def tell(connection: Connection, holder: str, presence: Presence) -> None:
    """Note that a coordinator lives, unless that was noted just now."""
    insert = insert_into(connection, coordinators).values(
        holder=holder, host=presence.host, pid=presence.pid, started_at=now(), seen_at=now()
    )
    known = insert.on_conflict_do_update(
        index_elements=["holder"],
        set_={"seen_at": now()},
        where=coordinators.c.seen_at < now() - TOLD_EACH_S,
    )
    if connection.execute(known).rowcount:
        forgotten = coordinators.c.seen_at < now() - FORGOTTEN_S
        connection.execute(sa.delete(coordinators).where(forgotten))


def forget(connection: Connection, holder: str) -> None:
    """Note that a coordinator has ended."""
    connection.execute(sa.delete(coordinators).where(coordinators.c.holder == holder))


def coordinator_views(connection: Connection) -> list[CoordinatorView]:
    """All that lived within a day, in the order in which they began."""
    wanted = sa.select(coordinators).order_by(coordinators.c.started_at, coordinators.c.holder)
    return [
        CoordinatorView(holder=row.holder, host=row.host, pid=row.pid, started_at=row.started_at, seen_at=row.seen_at)
        for row in connection.execute(wanted)
    ]
