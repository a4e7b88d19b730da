"""Who leads, as commands and pages show it."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.ports.views import LeaderView
from dtf.storage.database import now
from dtf.storage.ledger.service_schema import leader


def leader_view(connection: Connection) -> LeaderView:
    """Who leads."""
    left = (leader.c.expires_at - now()).label("left")
    row = connection.execute(sa.select(leader.c.holder, leader.c.term, leader.c.expires_at, left)).first()
    if row is None:
        return LeaderView(holder="", term=0, expires_in_s=0.0)
    if row.left <= 0:
        return LeaderView(holder="", term=row.term, expires_in_s=0.0, expires_at=row.expires_at)
    return LeaderView(holder=row.holder, term=row.term, expires_in_s=row.left, expires_at=row.expires_at)
