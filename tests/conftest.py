"""How the tests run, and fixtures over both databases of the ledger."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from dtf.storage.ledger import Ledger, open_ledger
from dtf.storage.migrate import migrate
from tests.support.postgres import PostgresCluster, PostgresMissingError

#: A machine that does much else besides is slow at times; that is no failure of what is tested.
settings.register_profile("unhurried", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_configure() -> None:
    """Hide that these tests may themselves be distributed: what they start is to know nothing of it."""
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST_")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    """A private Postgres cluster; a test that needs it is skipped where it cannot start, and fails in CI."""
    try:
        cluster = PostgresCluster()
    except PostgresMissingError as error:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(f"Postgres is needed in CI: {error}")
        pytest.skip(str(error))
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: PostgresCluster) -> str:
    """The name of a database with the schema, to be copied."""
    name = postgres_cluster.create()
    migrate(postgres_cluster.url(name))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema, to be copied."""
    path = tmp_path_factory.mktemp("ledger") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def postgres_url(postgres_cluster: PostgresCluster, postgres_template: str) -> Iterator[str]:
    """The URL of a Postgres database with the schema and nothing else, for one test."""
    name = postgres_cluster.create(postgres_template)
    yield postgres_cluster.url(name)
    postgres_cluster.drop(name)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a SQLite file with the schema and nothing else, for one test."""
    path = tmp_path / "ledger.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgres"])
def ledger_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty ledger: the test runs over SQLite and over Postgres."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """An empty ledger over each database."""
    opened = open_ledger(ledger_url)
    yield opened
    opened.close()
