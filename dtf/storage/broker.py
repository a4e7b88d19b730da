"""Connections to the broker for what is not a Celery worker."""

from kombu.connection import Connection

from dtf.execution.broker_options import CONNECT_TIMEOUT_S, transport_for, transport_options


def broker_connection(url: str) -> Connection:
    """A connection that is made when it is first used and does not try for long."""
    return Connection(  # type: ignore[no-untyped-call]  # Kombu has no types
        url,
        transport=transport_for(url),
        transport_options=transport_options(),
        connect_timeout=CONNECT_TIMEOUT_S,
    )
