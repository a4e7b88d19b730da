"""Hints over Celery's broker."""

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from dtf.domain.errors import BrokerUnavailableError
from dtf.domain.ports.hints import Hints

if TYPE_CHECKING:
    from celery import Celery
    from kombu.connection import Connection

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_RUN_SHARD, _PREPARE_SUITE = "dtf.run_shard", "dtf.prepare_suite"


class CeleryHints(Hints):
    """Sends hints over one connection, which is made when it is first needed and again when it broke.

    A question is put at most twice: the second time over a new connection, because an old one may have broken
    unseen. One that got no answer in time is not put again: a broker that hangs costs the time-out once.
    """

    def __init__(self, broker_url: str) -> None:
        self._url = broker_url
        self._lock = threading.Lock()
        self._app: Celery | None = None
        self._connection: Connection | None = None

    def send_shard(self, queue: str, shard_id: str) -> None:
        """Hint that a shard waits.

        Raises:
            BrokerUnavailableError: It was not sent.
        """
        self._send(_RUN_SHARD, queue, shard_id)

    def send_prepare(self, queue: str, job_id: str) -> None:
        """Hint that a suite will soon have work.

        Raises:
            BrokerUnavailableError: It was not sent.
        """
        self._send(_PREPARE_SUITE, queue, job_id)

    def length(self, queue: str) -> int:
        """How many messages wait in the queue.

        Raises:
            BrokerUnavailableError: The broker does not answer.
        """
        return int(self._ask(lambda connection: connection.default_channel.client.llen(queue)))

    def incarnation(self) -> str:
        """The broker's run id: a new one each time it starts.

        Raises:
            BrokerUnavailableError: The broker does not answer.
        """
        return str(self._ask(lambda connection: connection.default_channel.client.info("server")["run_id"]))

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop()

    def _send(self, task: str, queue: str, identifier: str) -> None:
        def send(connection: Any) -> None:  # noqa: ANN401  # Kombu has no types
            app = self._celery()
            with app.amqp.Producer(connection, auto_declare=False) as producer:
                # the queue's list is its name: nothing needs to be declared, and a broker that was restarted empty
                # takes it at once
                app.send_task(task, args=[identifier], queue=queue, producer=producer, retry=False, declare=[])

        self._ask(send)

    def _ask(self, question: Callable[[Any], _T]) -> _T:
        with self._lock:
            try:
                return self._try(question)
            except BrokerUnavailableError as error:
                if _is_timeout(error):
                    raise
                _log.debug("trying the broker over a new connection: %s", error)
            return self._try(question)

    def _try(self, question: Callable[[Any], _T]) -> _T:
        from kombu.exceptions import KombuError  # noqa: PLC0415  # loaded with the first hint
        from redis.exceptions import RedisError  # noqa: PLC0415  # loaded with the first hint

        try:
            return question(self._connected())
        except (KombuError, RedisError, OSError) as error:
            self._drop()
            raise BrokerUnavailableError(f"the broker does not answer: {error}") from error

    def _connected(self) -> "Connection":
        if self._connection is None:
            from dtf.storage.broker import broker_connection  # noqa: PLC0415  # loads Kombu

            connection = broker_connection(self._url)
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=5)  # type: ignore[no-untyped-call]  # Kombu has no types
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.release()  # type: ignore[no-untyped-call]  # Kombu has no types

    def _celery(self) -> "Celery":
        if self._app is None:
            from celery import Celery  # noqa: PLC0415  # loaded with the first hint

            from dtf.execution.celery_settings import celery_settings  # noqa: PLC0415  # loads Kombu

            self._app = Celery("dtf", set_as_current=False)
            self._app.conf.update(celery_settings(self._url))
        return self._app


def _is_timeout(error: BaseException) -> bool:
    """Whether no answer came in time, whatever the libraries made of that."""
    from redis.exceptions import TimeoutError as RedisTimeoutError  # noqa: PLC0415  # loaded with the first hint

    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, TimeoutError | RedisTimeoutError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
