"""The tables of how figures went over time, and of who coordinates or could."""

from sqlalchemy import BigInteger, Column, Double, Index, Integer, PrimaryKeyConstraint, Table, Text

from dtf.storage.ledger.schema import metadata

#: Ordered by its bytes, whatever the database's language: names with a beginning in common stand together.
_NAME = Text().with_variant(Text(collation="C"), "postgresql")

# A row stands for the time from ``at`` to ``at + resolution_s``. SQLite keeps the rows in the key's index itself.
samples = Table(
    "samples",
    metadata,
    Column("series", _NAME, nullable=False),
    Column("resolution_s", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Column("mean", Double, nullable=False),
    Column("low", Double, nullable=False),
    Column("high", Double, nullable=False),
    # how many samples it was made from
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("series", "resolution_s", "at"),
    sqlite_with_rowid=False,
)
Index("ix_samples_age", samples.c.resolution_s, samples.c.at)

coordinators = Table(
    "coordinators",
    metadata,
    Column("holder", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
)
