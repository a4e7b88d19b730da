import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.errors import LedgerUnavailableError
from dtf.storage import migrate
from dtf.storage.database import Database
from dtf.storage.ledger.schema import metadata
from tests.support.postgres import PostgresCluster


@pytest.fixture(params=["sqlite", "postgres"])
def bare_urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Two databases without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'deep' / 'a.db'}", f"sqlite:///{tmp_path / 'b.db'}"
        return
    cluster = request.getfixturevalue("postgres_cluster")
    assert isinstance(cluster, PostgresCluster)
    names = cluster.create(), cluster.create()
    yield cluster.url(names[0]), cluster.url(names[1])
    for name in names:
        cluster.drop(name)


def _schema(connection: Connection) -> list[tuple[str, ...]]:
    """Everything that the database itself knows about the ledger's schema."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        described = [(row[0], row[1], row[2], *_clauses(row[3])) for row in rows]
    else:
        rows = connection.exec_driver_sql(
            "SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity"
            " FROM information_schema.columns WHERE table_schema = 'public'"
        )
        described = [tuple(map(str, row)) for row in rows]
        described += map(tuple, connection.exec_driver_sql("SELECT indexdef FROM pg_indexes WHERE schemaname='public'"))
        constraints = "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        described += map(
            tuple, connection.exec_driver_sql(constraints + " WHERE connamespace = 'public'::regnamespace")
        )
    return sorted(row for row in described if "alembic_version" not in " ".join(row))


def _clauses(statement: str) -> list[str]:
    """The columns and constraints of a CREATE statement, in one order."""
    return sorted(re.split(r", (?![^()]*\))", " ".join(statement.split()).removesuffix(" )")))


def test_migrated_schema_equals_the_metadata(bare_urls: tuple[str, str]) -> None:
    """What the migrations build is what the code describes: tables, columns, indexes, constraints."""
    migrated, created = bare_urls
    migrate.migrate(migrated)
    database = Database(created)
    database.write(metadata.create_all)
    expected = database.read(_schema)
    database.close()
    database = Database(migrated)
    found = database.read(_schema)
    database.close()
    assert len(expected) > 30
    assert found == expected


def test_migrate_says_what_it_did(bare_urls: tuple[str, str]) -> None:
    """A bare database is not current; migrated it is; again changes nothing."""
    url, bare = bare_urls
    assert not migrate.schema_is_current(bare)
    migrate.migrate(url)
    assert migrate.schema_is_current(url)
    migrate.migrate(url)
    assert migrate.schema_is_current(url)


def test_eight_migrations_at_once(bare_urls: tuple[str, str]) -> None:
    """Processes that start together on a bare database do not disturb each other."""
    url, _ = bare_urls
    together = threading.Barrier(8)

    def run(_: int) -> bool:
        together.wait(60)
        migrate.migrate(url)
        return migrate.schema_is_current(url)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(run, range(8)))


def test_newer_schema_is_refused(bare_urls: tuple[str, str]) -> None:
    """A database of a newer dtf is left alone, with a message."""
    url, _ = bare_urls
    migrate.migrate(url)
    database = Database(url)
    newer = sa.text("UPDATE alembic_version SET version_num = '9999'")
    database.write(lambda connection: connection.execute(newer))
    database.close()
    with pytest.raises(LedgerUnavailableError, match="9999"):
        migrate.migrate(url)


def test_head_is_the_newest_migration() -> None:
    """The revision that the quick check compares with is the newest file's."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD
