"""Opens the ledger."""

import logging
import threading

from dtf.bootstrap.cluster import embedded_database, embedded_database_url
from dtf.domain.errors import ClusterError, LedgerUnavailableError
from dtf.settings import Mode, Settings
from dtf.storage.ledger import Ledger, open_ledger
from dtf.storage.migrate import migrate, schema_is_current

__all__ = [
    "Ledger",
    "current_ledger",
    "database_url",
    "ledger_at",
    "make_state_dir",
    "migrate",
    "prepare_embedded_ledger",
    "schema_is_current",
    "wait_for_schema",
]

_log = logging.getLogger(__name__)

#: How long a process that starts waits for the tables, in seconds; a guardian has 30 s to be ready, or to say why not.
SCHEMA_WITHIN_S = 20.0
_TRY_EVERY_S = 0.1


def database_url(settings: Settings) -> str:
    """The ledger's URL: the cluster's, or that of the state directory's file."""
    return (settings.database_url or "") if settings.mode is Mode.CLUSTER else embedded_database_url(settings)


def ledger_at(url: str) -> Ledger:
    """A ledger of which it is known that its tables are there."""
    return open_ledger(url)


def current_ledger(settings: Settings) -> Ledger:
    """The ledger for a command; the embedded one is made and upgraded on the way.

    Raises:
        LedgerUnavailableError: It cannot be reached, or a cluster's tables are missing or old.
    """
    url = database_url(settings)
    if settings.mode is Mode.CLUSTER:
        if not schema_is_current(url):
            raise LedgerUnavailableError("the database's tables are missing or of another version: dtf init-db")
        return open_ledger(url)
    make_state_dir(settings)
    prepare_embedded_ledger(settings)
    return open_ledger(url)


def prepare_embedded_ledger(settings: Settings) -> bool:
    """Make or upgrade the tables of the state directory's ledger; tell whether anything was to be done.

    Raises:
        LedgerUnavailableError: Its file cannot be used; the message names it.
    """
    url = embedded_database_url(settings)
    try:
        if schema_is_current(url):
            return False
        migrate(url)
    except LedgerUnavailableError as error:
        raise LedgerUnavailableError(f"{embedded_database(settings)}: {error}") from error
    return True


def wait_for_schema(url: str, patience_s: float = SCHEMA_WITHIN_S) -> None:
    """Wait until the tables are current: the embedded cluster makes them while its processes start.

    A database that is away is not waited for here: who uses the ledger knows how to go on without it.

    Args:
        url: The database.
        patience_s: How long, in seconds.

    Raises:
        LedgerUnavailableError: They are still missing or of another version.
    """
    pause, tries = threading.Event(), max(1, round(patience_s / _TRY_EVERY_S))
    for _ in range(tries):
        try:
            if schema_is_current(url):
                return
        except LedgerUnavailableError as error:
            _log.warning("%s", error)
            return
        pause.wait(_TRY_EVERY_S)
    raise LedgerUnavailableError("the database's tables are missing or of another version: dtf init-db")


def make_state_dir(settings: Settings) -> None:
    """Make the state directory, closed to others, unless it is there.

    Raises:
        ClusterError: It cannot be made.
    """
    try:
        settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ClusterError(
            f"the state directory {settings.state_dir} cannot be used: {error.strerror}; DTF_STATE_DIR names another"
        ) from error
