"""``dtf init-db``."""

import click

from dtf.cli.options import json_option
from dtf.cli.terminal.output import Output
from dtf.settings import load_settings, mask


@click.command("init-db")
@json_option
def command(as_json: bool) -> int:
    """Create or upgrade the ledger's tables. Harmless when they are current.

    The database is the one that DTF_DATABASE_URL names, else the state directory's own.
    """
    from dtf.bootstrap.cluster import embedded_database_url  # noqa: PLC0415  # --help is quick
    from dtf.bootstrap.ledger import (  # noqa: PLC0415  # as above
        make_state_dir,
        migrate,
        prepare_embedded_ledger,
        schema_is_current,
    )

    output = Output(json_mode=as_json)
    settings = load_settings()
    url = settings.database_url or embedded_database_url(settings)
    if settings.database_url is None:
        make_state_dir(settings)
        was_current = not prepare_embedded_ledger(settings)
    else:
        was_current = schema_is_current(url)
        if not was_current:
            migrate(url)
    output.data({"database": mask(url), "changed": not was_current})
    output.line(f"{mask(url)}: {'the tables were current' if was_current else 'the tables are made'}")
    return 0
