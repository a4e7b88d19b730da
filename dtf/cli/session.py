"""What the commands that look into the ledger begin with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dtf.cli.terminal.output import Output
from dtf.settings import Settings, load_settings

if TYPE_CHECKING:
    from dtf.bootstrap.ledger import Ledger


@contextmanager
def ledger_session(*, as_json: bool) -> Iterator[tuple[Output, Settings, "Ledger"]]:
    """The output, the settings and the open ledger of a command."""
    output = Output(json_mode=as_json)
    settings = load_settings()
    _ = settings.mode  # half a cluster is an error before anything is imported for it
    from dtf.bootstrap.ledger import current_ledger  # noqa: PLC0415  # SQLAlchemy costs a quarter of a second

    ledger = current_ledger(settings)
    try:
        yield output, settings, ledger
    finally:
        ledger.close()
