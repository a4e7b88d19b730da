"""The tables of what was done about failures, and of what was learned."""

from sqlalchemy import Boolean, Column, Double, Index, Integer, Table, Text

from dtf.storage.ledger.schema import SERIAL, metadata

recoveries = Table(
    "recoveries",
    metadata,
    Column("number", SERIAL, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False),
    Column("time_s", Double, nullable=False),
    Column("resource_s", Double, nullable=False),
    Column("level", Integer, nullable=False),
    # how many other jobs it disturbed
    Column("impact", Integer, nullable=False),
    # the attempt that had failed
    Column("attempt", Integer, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    # NULL: not known yet
    Column("stable", Boolean),
    Column("job_recovered", Boolean),
    # the target
    Column("hardware", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("failure", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("worker_id", Text, nullable=False),
    Column("shard_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
Index("ix_recoveries_target", recoveries.c.hardware, recoveries.c.name, recoveries.c.at)
Index("ix_recoveries_shard", recoveries.c.shard_id)

learned = Table(
    "learned",
    metadata,
    Column("key", Text, primary_key=True),
    Column("updated_at", Double, nullable=False),
    # JSON
    Column("value", Text, nullable=False),
)
