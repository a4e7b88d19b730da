import subprocess
import sys

import pytest

from dtf.domain.errors import SettingsError
from dtf.storage.database import normalise_url


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("postgresql://u:p@h:5432/d", "postgresql+psycopg2"),
        ("postgres://h/d", "postgresql+psycopg2"),
        ("postgresql+psycopg2://h/d", "postgresql+psycopg2"),
        ("sqlite:////tmp/x.db", "sqlite+pysqlite"),
    ],
)
def test_driver_is_named(given: str, driver: str) -> None:
    """Each spelling leads to the driver that is installed, and the rest of the URL stays."""
    url = normalise_url(given)
    assert url.drivername == driver
    assert given.split("://", 1)[1] == url.render_as_string(hide_password=False).split("://", 1)[1]


@pytest.mark.parametrize(
    "bad", ["", "nonsense", "mysql://h/d", "sqlite://", "sqlite:///:memory:", "postgresql+asyncpg://h/d"]
)
def test_what_cannot_hold_the_ledger_is_refused(bad: str) -> None:
    """A database that cannot be used is refused before anything connects."""
    with pytest.raises(SettingsError):
        normalise_url(bad)


def test_password_is_not_in_the_message() -> None:
    """A URL that cannot be parsed is not repeated, since it may hold a password."""
    with pytest.raises(SettingsError) as caught:
        normalise_url("postgresql://u:secret@h:port/d")
    assert "secret" not in str(caught.value)


def test_import_is_light() -> None:
    """Opening a ledger imports neither the ORM, nor Alembic, nor a driver."""
    code = (
        "import sys, dtf.storage.ledger, dtf.storage.migrate;"
        "print([m for m in ('sqlalchemy.orm', 'alembic', 'psycopg2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
