"""The tables of the ledger beside runs: blobs, workers, the leader, the outbox and the logs."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from dtf.storage.ledger.schema import SERIAL, metadata

blobs = Table(
    "blobs",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
)

# A blob's pieces come before its row in ``blobs``, which says that they are complete.
blob_chunks = Table(
    "blob_chunks",
    metadata,
    Column("digest", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("digest", "sequence"),
)

workers = Table(
    "workers",
    metadata,
    Column("worker_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("slots", Integer, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("registered_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("name", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("memory_bytes", BigInteger, nullable=False),
    Column("cpu_count", Integer, nullable=False),
    # JSON lists of strings
    Column("queues", Text, nullable=False),
    Column("tags", Text, nullable=False),
    # JSON list of slots
    Column("slot_table", Text, nullable=False, server_default="[]"),
    # JSON of the last WorkerLoad
    Column("load", Text),
    # since when it is to take nothing more, for as long as it lives; NULL: it is not
    Column("drained_at", Double),
)
Index("ix_workers_state", workers.c.state, workers.c.seen_at)

devices = Table(
    "devices",
    metadata,
    Column("worker_id", Text, ForeignKey("workers.worker_id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("uuid", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("name", Text, nullable=False),
    Column("reason", Text, nullable=False),
    # JSON object
    Column("details", Text, nullable=False),
    PrimaryKeyConstraint("worker_id", "position"),
)

# One row, number 1.
leader = Table(
    "leader",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("holder", Text, nullable=False),
    Column("term", BigInteger, nullable=False),
    Column("expires_at", Double, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("sequence", SERIAL, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False),
    Column("delivered_at", Double),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    # JSON object
    Column("data", Text, nullable=False),
)
is_pending = events.c.delivered_at.is_(None)
Index("ix_events_pending", events.c.sequence, sqlite_where=is_pending, postgresql_where=is_pending)

is_of_breaker = events.c.kind == literal_column("'breaker_changed'")
Index("ix_events_breakers", events.c.subject, sqlite_where=is_of_breaker, postgresql_where=is_of_breaker)

is_injection = events.c.kind == literal_column("'failure_injected'")
Index("ix_events_injections", events.c.sequence, sqlite_where=is_injection, postgresql_where=is_injection)

is_handover = events.c.kind == literal_column("'coordinator_changed'")
Index("ix_events_handovers", events.c.sequence, sqlite_where=is_handover, postgresql_where=is_handover)

log_chunks = Table(
    "log_chunks",
    metadata,
    Column("position", SERIAL, primary_key=True, autoincrement=True),
    Column("run_id", Text, nullable=False),
    Column("shard_id", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    UniqueConstraint("shard_id", "attempt", "sequence"),
)
Index("ix_log_chunks_run", log_chunks.c.run_id, log_chunks.c.position)
