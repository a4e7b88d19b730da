"""The tables of the ledger.

Times are seconds since the epoch on the database's clock, unless a comment says otherwise. JSON stands in text columns,
in ASCII, which both databases take whatever it holds. Small columns come first: SQLite reads a row from its beginning.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from dtf.domain.outcome import FAILURES, CaseOutcome

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: SQLite counts rows by itself only in a column that is exactly INTEGER.
SERIAL = BigInteger().with_variant(Integer(), "sqlite")


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _integer(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _number(name: str) -> Column[float]:
    return Column(name, Double, nullable=False, server_default="0")


runs = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("created_at", Double, nullable=False),
    Column("started_at", Double),
    Column("finished_at", Double),
    Column("outcome", Text),
    Column("deadline", Double),
    # until when the command that is attached is taken to live; NULL: none is
    Column("attached_until", Double),
    Column("timeout_s", Double),
    # what ended it when it did not end by itself, once that is certain: cancelled or timeout
    Column("ended_by", Text),
    # what the cancelled rest counts as, and why it was cancelled
    Column("cancel_outcome", Text),
    _text("cancel_reason"),
    _integer("jobs"),
    Column("idempotency_key", Text),
    _text("spec_digest"),
    _text("name"),
    _text("reason"),
    _text("labels"),
    UniqueConstraint("idempotency_key"),
)
Index("ix_runs_created_at", runs.c.created_at)
is_open_run = runs.c.outcome.is_(None)
Index("ix_runs_open", runs.c.created_at, sqlite_where=is_open_run, postgresql_where=is_open_run)

#: The column of ``jobs`` that counts the accepted cases with an outcome.
CASE_COUNTS = {outcome: f"cases_{outcome.value}" for outcome in CaseOutcome}

#: Those of them that ``--maxfail`` counts.
FAILURE_COUNTS = tuple(CASE_COUNTS[outcome] for outcome in FAILURES)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("run_id", Text, ForeignKey("runs.run_id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("hardware", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("started_at", Double),
    Column("planned_at", Double),
    Column("finished_at", Double),
    Column("outcome", Text),
    # what the cancelled rest counts as: cancelled, timeout, or failed after too many failures
    Column("cancel_outcome", Text),
    _text("cancel_reason"),
    Column("manifest_digest", Text, ForeignKey("manifests.digest")),
    _integer("expected"),
    _integer("deselected"),
    _integer("max_failures"),
    _integer("max_retries"),
    *(_integer(column) for column in CASE_COUNTS.values()),
    # JSON list of the queues that it may fall back on; empty: none
    _text("fallback"),
    _text("name"),
    _text("reason"),
    _text("spec"),
)
Index("ix_jobs_run", jobs.c.run_id, jobs.c.position)
Index("ix_jobs_suite", jobs.c.name, jobs.c.hardware, jobs.c.created_at)
is_open_job = jobs.c.state != literal_column("'finished'")
is_planning = jobs.c.state == literal_column("'planning'")
Index("ix_jobs_open", jobs.c.run_id, jobs.c.started_at, sqlite_where=is_open_job, postgresql_where=is_open_job)
Index("ix_jobs_planning", jobs.c.created_at, sqlite_where=is_planning, postgresql_where=is_planning)
is_under_way = (jobs.c.state != literal_column("'finished'")) & jobs.c.started_at.is_not(None)
# what they are listed by never changes, and when one finished is written as it leaves other indexes anyway
Index("ix_jobs_created_at", jobs.c.created_at, jobs.c.job_id)
Index("ix_jobs_priority", jobs.c.priority, jobs.c.job_id)
is_dated_job = jobs.c.finished_at.is_not(None)
Index("ix_jobs_finished_at", jobs.c.finished_at, sqlite_where=is_dated_job, postgresql_where=is_dated_job)
Index("ix_jobs_under_way", jobs.c.started_at, sqlite_where=is_under_way, postgresql_where=is_under_way)

manifests = Table(
    "manifests",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    # JSON [[nodeid, module, group], ...] under zlib
    Column("content", LargeBinary, nullable=False),
)

shards = Table(
    "shards",
    metadata,
    Column("shard_id", Text, primary_key=True),
    Column("job_id", Text, ForeignKey("jobs.job_id", ondelete="CASCADE"), nullable=False),
    Column("run_id", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("rank", Integer, nullable=False),
    _integer("attempt"),
    # infrastructure failures that count, and those that do not
    _integer("crashes"),
    _integer("refunds"),
    # attempts that cost nothing, as their worker or a process of it went away under them
    _integer("losses"),
    _number("predicted_s"),
    # cases in it; 0 for commands and collections
    _integer("cases"),
    Column("queued_at", Double, nullable=False),
    _number("not_before"),
    Column("hinted_at", Double),
    Column("claimed_at", Double),
    Column("lease_until", Double),
    Column("finished_at", Double),
    Column("worker_id", Text),
    Column("slot", Integer),
    # what the attempt under way has reported
    _integer("done"),
    _integer("failed"),
    Column("cancel_reason", Text),
    Column("outcome", Text),
    # the queue that it belongs to, while it waits in that of fallback hardware; empty: it is where it belongs
    _text("home"),
    # what sent it out again after a failure; empty: nothing, or it came through
    _text("action"),
    # JSON list of worker ids that are not to have it again as long as another can
    Column("avoid", Text, nullable=False, server_default="[]"),
    _text("affinity"),
    _text("reason"),
    # JSON [[first, how many], ...] in the order of execution
    _text("ordinals"),
)
is_queued = shards.c.state == literal_column("'queued'")
is_claimed = shards.c.state == literal_column("'claimed'")
is_open_shard = shards.c.state != literal_column("'finished'")
is_away = is_queued & (shards.c.home != literal_column("''"))
is_hinted = is_queued & shards.c.hinted_at.is_not(None)
Index(
    "ix_shards_waiting",
    shards.c.queue,
    shards.c.priority.desc(),
    shards.c.rank,
    shards.c.queued_at,
    sqlite_where=is_queued,
    postgresql_where=is_queued,
)
Index("ix_shards_hinted", shards.c.hinted_at, sqlite_where=is_hinted, postgresql_where=is_hinted)
Index("ix_shards_lease", shards.c.lease_until, sqlite_where=is_claimed, postgresql_where=is_claimed)
Index("ix_shards_worker", shards.c.worker_id, sqlite_where=is_claimed, postgresql_where=is_claimed)
Index(
    "ix_shards_open",
    shards.c.job_id,
    shards.c.affinity,
    shards.c.rank,
    sqlite_where=is_open_shard,
    postgresql_where=is_open_shard,
)
Index("ix_shards_away", shards.c.home, sqlite_where=is_away, postgresql_where=is_away)
Index("ix_shards_job", shards.c.job_id, shards.c.rank)
Index("ix_shards_run", shards.c.run_id, shards.c.state)

attempts = Table(
    "attempts",
    metadata,
    Column("shard_id", Text, ForeignKey("shards.shard_id", ondelete="CASCADE"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("job_id", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("worker_id", Text, nullable=False),
    Column("slot", Integer, nullable=False),
    Column("claimed_at", Double, nullable=False),
    Column("recorded_at", Double),
    Column("outcome", Text),
    # tells a repeated result from another one; "expired" and "released" where no result came
    Column("result_digest", Text),
    # on the worker's clock
    Column("started_at", Double),
    Column("duration_s", Double),
    Column("cpu_s", Double),
    Column("max_rss_bytes", BigInteger),
    Column("exit_code", BigInteger),
    Column("signal", BigInteger),
    Column("crashed", Boolean),
    # whether its failure counts against the shard; NULL: it is not recorded
    Column("counted", Boolean),
    # what was decided about its failure: level, action and kind of failure; 0 and empty: nothing
    _integer("level"),
    _text("action"),
    _text("failure"),
    _integer("cases"),
    _text("reason"),
    _text("proof"),
    PrimaryKeyConstraint("shard_id", "attempt"),
)
Index("ix_attempts_run", attempts.c.run_id, attempts.c.claimed_at)
Index("ix_attempts_worker", attempts.c.worker_id, attempts.c.claimed_at)

cases = Table(
    "cases",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.job_id", ondelete="CASCADE"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("shard_id", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("duration_s", Double, nullable=False),
    # on the worker's clock
    Column("started_at", Double, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("nodeid", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("output", Text, nullable=False),
    # JSON object; empty: none
    _text("properties"),
    # named, because it is the promise: one accepted case for each place in the manifest
    UniqueConstraint("job_id", "ordinal", name="uq_cases_one_accepted"),
)
Index("ix_cases_outcome", cases.c.job_id, cases.c.outcome, cases.c.ordinal)

metrics = Table(
    "metrics",
    metadata,
    Column("shard_id", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    # NULL where it was not finite; the note then says what it was
    Column("value", Double),
    _text("name"),
    _text("unit"),
    _text("note"),
    PrimaryKeyConstraint("shard_id", "attempt", "position"),
    ForeignKeyConstraint(["shard_id", "attempt"], ["attempts.shard_id", "attempts.attempt"], ondelete="CASCADE"),
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("shard_id", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    _text("name"),
    _text("media_type"),
    PrimaryKeyConstraint("shard_id", "attempt", "position"),
    ForeignKeyConstraint(["shard_id", "attempt"], ["attempts.shard_id", "attempts.attempt"], ondelete="CASCADE"),
)
Index("ix_artifacts_run", artifacts.c.run_id)

stale_results = Table(
    "stale_results",
    metadata,
    Column("number", SERIAL, primary_key=True, autoincrement=True),
    Column("shard_id", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("worker_id", Text, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("result_digest", Text, nullable=False),
    # the whole result as JSON under zlib
    Column("result", LargeBinary, nullable=False),
    UniqueConstraint("shard_id", "attempt", "result_digest"),
)
Index("ix_stale_results_run", stale_results.c.run_id)
