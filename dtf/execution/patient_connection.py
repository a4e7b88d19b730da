"""A broker connection that comes back soon after the broker does."""

from typing import Any

from celery.app.amqp import AMQP
from kombu.connection import Connection

from dtf.execution.broker_options import TRANSPORTS

#: Seconds between attempts: the first, the step, the longest. Kombu's own are 2, 2 and 30.
INTERVAL_START_S, INTERVAL_STEP_S, INTERVAL_MAX_S = 0.2, 0.4, 2.0


class PatientConnection(Connection):
    """Tries again at short intervals, so that a broker that was restarted is used within two seconds."""

    def ensure_connection(self, *args: Any, **kwargs: Any) -> "PatientConnection":  # noqa: ANN401  # Kombu's
        """Connect, trying again as the caller asked, at dtf's intervals."""
        kwargs.setdefault("interval_start", INTERVAL_START_S)
        kwargs.setdefault("interval_step", INTERVAL_STEP_S)
        kwargs.setdefault("interval_max", INTERVAL_MAX_S)
        super().ensure_connection(*args, **kwargs)  # type: ignore[no-untyped-call]  # Kombu has no types
        return self

    def info(self) -> dict[str, Any]:
        """What a worker tells of its connection: what can be told, and not the functions among its options."""
        told: dict[str, Any] = super().info()  # type: ignore[no-untyped-call]  # Kombu has no types
        options = told.get("transport_options") or {}
        return {**told, "transport_options": {name: one for name, one in options.items() if not callable(one)}}

    def as_uri(self, *args: Any, **kwargs: Any) -> str:  # noqa: ANN401  # Kombu's
        """The URL as people know it: with the scheme, not with the transport's class."""
        text = str(super().as_uri(*args, **kwargs))
        for scheme, transport in TRANSPORTS.items():
            if text.startswith(transport):
                return scheme + text.removeprefix(transport)
        return text


class PatientAMQP(AMQP):  # type: ignore[misc]  # Celery has no types
    """Celery's messaging over such connections."""

    Connection = PatientConnection
