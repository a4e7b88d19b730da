"""How pieces of an attempt's log come in."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.storage.ledger.schema import shards
from dtf.storage.ledger.service_schema import log_chunks
from dtf.storage.ledger.upsert import insert_into


def append_log(connection: Connection, shard_id: str, attempt: int, sequence: int, data: bytes) -> None:
    """Add a piece; a repeated sequence number, or a shard that is not known, changes nothing."""
    if connection.dialect.name == "postgresql":
        # positions are given before commits: one writer a run at a time, or a reader that goes by them would miss some
        run = sa.select(sa.func.hashtext(shards.c.run_id)).where(shards.c.shard_id == shard_id).scalar_subquery()
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.coalesce(run, 0))))
    piece = sa.select(
        shards.c.run_id, shards.c.shard_id, sa.literal(attempt), sa.literal(sequence), sa.literal(data, sa.LargeBinary)
    ).where(shards.c.shard_id == shard_id)
    columns = ["run_id", "shard_id", "attempt", "sequence", "data"]
    keys = ["shard_id", "attempt", "sequence"]
    added = insert_into(connection, log_chunks).from_select(columns, piece)
    connection.execute(added.on_conflict_do_nothing(index_elements=keys))
