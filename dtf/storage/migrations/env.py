"""Alembic's environment: runs the migrations on the connection that ``dtf.storage.migrate`` gives it."""

from alembic import context

import dtf.storage.ledger.history_schema  # its tables belong to the metadata too
import dtf.storage.ledger.recovery_schema  # its tables belong to the metadata too
import dtf.storage.ledger.service_schema  # noqa: F401  # its tables belong to the metadata too
from dtf.storage.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=False,
    # the caller's transaction holds all of it
    transactional_ddl=False,
)
context.run_migrations()
