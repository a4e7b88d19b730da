"""Celery as the dashboard uses it: a broker that may not be there, and may be another one tomorrow."""

from collections.abc import Callable
from typing import Any, Final

from celery import Celery

from dtf.execution.broker_options import transport_for

#: Names no broker; nothing connects to it.
NO_BROKER = "memory://"


#: A broker that does not answer is tried once more and then told of: a page waits, and Kombu would try for ever.
_TRIES: Final = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}


class NoBrokerError(ConnectionError):
    """No cluster is running."""


class LinkedCelery(Celery):  # type: ignore[misc]  # Celery has no types
    """A Celery application whose broker is looked up whenever something connects.

    The embedded cluster has a broker of its own each time that it runs.

    Attributes:
        broker: Finds the present broker's URL; None: no cluster is running.
    """

    broker: Callable[[], str | None]
    amqp_cls = "dtf.execution.patient_connection:PatientAMQP"
    _linked = ""
    _pool: Any

    def connection_for_read(self, url: str | None = None, **options: Any) -> Any:  # noqa: ANN401  # Celery's
        """Connect to the present broker."""
        return super().connection_for_read(**self._to(url), **options)

    def connection_for_write(self, url: str | None = None, **options: Any) -> Any:  # noqa: ANN401  # Celery's
        """Connect to the present broker."""
        return super().connection_for_write(**self._to(url), **options)

    def present_broker(self) -> str:
        """The present broker's URL.

        Raises:
            NoBrokerError: There is none.
        """
        url = self.broker()
        if url is None:
            raise NoBrokerError("no cluster is running: start one with dtf up")
        return url

    def relink(self) -> bool:
        """Forget connections to an earlier broker; whether there is one now."""
        url = self.broker()
        if url is not None and url != self._linked:
            if self._linked and self._pool is not None:
                self._pool.force_close_all()
                self._pool = None
                # what workers are told goes through a pool of its own
                self.amqp._producer_pool = None  # noqa: SLF001  # Celery forgets it only at a fork
            self._linked = url
        return url is not None

    def _to(self, url: str | None) -> dict[str, Any]:
        url = url or self.present_broker()
        # the settings may have been made when there was no broker
        return {"url": url, "transport": transport_for(url), "transport_options": _TRIES}


def link(broker: Callable[[], str | None], settings: Callable[[str], dict[str, Any]]) -> LinkedCelery:
    """Make the application.

    Args:
        broker: Finds the present broker's URL; None: no cluster is running.
        settings: Celery's settings for a broker.
    """
    app = LinkedCelery("dtf", set_as_current=False)
    app.broker = broker
    app.add_defaults(lambda: settings(broker() or NO_BROKER))
    return app
