"""The leader's lease, over one row of the ledger."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.errors import TermOverError
from dtf.domain.events import EventKind
from dtf.domain.ports.control import Leadership, Presence, Term
from dtf.storage.database import Database, now
from dtf.storage.ledger import coordinators, outbox
from dtf.storage.ledger.service_schema import leader
from dtf.storage.ledger.upsert import insert_ignoring

_ROW = 1


class LedgerLeadership(Leadership):
    """The lease row that makes one coordinator the leader."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, holder: str, lease_s: float, presence: Presence | None = None) -> Term | None:
        """Take the lease if it is free or over, or keep it; None while another one holds it."""

        def try_for_it(connection: Connection) -> Term | None:
            term = _acquire(connection, holder, lease_s)
            if presence is not None:
                coordinators.tell(connection, holder, presence)
            return term

        return self._database.write(try_for_it)

    def release(self, term: Term) -> None:
        """Give the lease back, so that a standby leads at once."""
        free = sa.update(leader).where(leader.c.holder == term.holder, leader.c.term == term.number)
        # when it was free is kept: the next leader tells how long nobody led
        self._database.write(lambda connection: connection.execute(free.values(holder="", expires_at=now())))

    def leave(self, holder: str) -> None:
        """Forget a coordinator that ends."""
        self._database.write(lambda connection: coordinators.forget(connection, holder))


def _acquire(connection: Connection, holder: str, lease_s: float) -> Term | None:
    row = connection.execute(_locked()).first()
    if row is None:
        insert_ignoring(connection, leader, ["number"], {"number": _ROW, "holder": "", "term": 0, "expires_at": 0.0})
        row = connection.execute(_locked()).one()
    if row.alive and row.holder != holder:
        return None
    # a term that was over is not taken up again, even by its holder: what it left undone must stay fenced
    number = row.term if row.alive else row.term + 1
    connection.execute(sa.update(leader).values(holder=holder, term=number, expires_at=now() + lease_s))
    if not row.alive:
        data = {"term": number, "previous": row.holder}
        if row.expires_at:
            data["vacant_s"] = round(row.vacant_s, 3)
        outbox.tell(connection, EventKind.COORDINATOR_CHANGED, holder, data=data)
    return Term(holder=holder, number=number)


def _locked() -> sa.Select[tuple[str, int, float, float, bool]]:
    # a lease that was given back is free, even by a clock that was put back
    alive = ((leader.c.expires_at > now()) & (leader.c.holder != "")).label("alive")
    vacant_s = (now() - leader.c.expires_at).label("vacant_s")
    return sa.select(leader.c.holder, leader.c.term, leader.c.expires_at, vacant_s, alive).with_for_update()


def fence(connection: Connection, term: Term) -> None:
    """Make sure that the term is not over, and cannot be before this transaction ends.

    Raises:
        TermOverError: Another coordinator leads, or the lease has run out.
    """
    current = (leader.c.holder == term.holder) & (leader.c.term == term.number) & (leader.c.expires_at > now())
    if connection.execute(sa.select(leader.c.term).where(current).with_for_update(read=True)).first() is None:
        raise TermOverError(f"term {term.number} of {term.holder} is over; nothing was written")
