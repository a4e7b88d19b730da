"""A cluster of their own for those acceptance tools that need one: broker, ledger and coordinator."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from dtf.storage.migrate import migrate
from tests.acceptance.harness.place import DTF, Place
from tests.support.valkey import Valkey, running_valkey


def start_cluster(stack: ExitStack) -> tuple[Path, Place, Valkey]:
    """Start one without workers.

    Args:
        stack: Ends it with all that is started in its place.

    Returns:
        A directory for whatever belongs to it, the place in which commands work, and the broker.
    """
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    valkey = stack.enter_context(running_valkey(directory))
    database = f"sqlite:///{directory}/ledger.db"
    migrate(database)
    place = Place(directory, DTF_BROKER_URL=valkey.url, DTF_DATABASE_URL=database)
    stack.callback(place.kill_all)
    place.start(DTF, "coordinator")
    return directory, place, valkey
