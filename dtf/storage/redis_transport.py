"""Kombu's Redis transport, made safe: what cannot be read is set aside, and a broker that evicts is refused."""

import json
import logging
import time
from collections.abc import Iterable
from queue import Empty
from typing import Any

from kombu.exceptions import InconsistencyError
from kombu.transport import redis as kombu_redis
from redis.exceptions import RedisError, ResponseError

from dtf.domain.errors import UnsafeBrokerError
from dtf.storage.envelope import UnreadableMessageError, check_message, read_message

_log = logging.getLogger(__name__)

#: The Redis list that keeps what could not be read, the newest first.
QUARANTINE_KEY = "dtf.quarantine"
#: How many messages it keeps, and how many bytes of each.
QUARANTINE_LENGTH, QUARANTINE_BYTES = 1000, 4096

#: Queues of Celery's remote control, whose messages are not tasks.
_CONTROL_SUFFIX = ".pidbox"
_SAFE_POLICY = "noeviction"
#: The transport's option that chooses among the consumed queues; set by a worker.
ADMIT_OPTION = "dtf_admit"
#: How long a read waits that leaves queues out, in seconds: they are let in again when a device is free.
NARROWED_S = 0.1
#: What is wrong with the broker, not with a message.
_BROKER_ERRORS = (RedisError, OSError, InconsistencyError)


class _QuarantineMixin:
    """What both channels add to Kombu's.

    A stock channel raises out of the worker's event loop on a message that it cannot decode, and the message is gone
    from the list by then, or worse, is restored and kills the next worker too. Here nothing that stands in a list
    gets that far: it is checked first, and what fails goes to ``QUARANTINE_KEY`` with its reason.

    A worker takes a message only from queues whose messages it could begin to work on: it says which, before each
    read.
    """

    client: Any
    connection: Any
    connection_errors: tuple[type[Exception], ...]
    active_queues: list[str]
    _queue_cycle: Any
    priority_steps: list[int]
    sep: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # Kombu's
        super().__init__(*args, **kwargs)
        if not getattr(self.connection, "policy_checked", False):
            self._refuse_eviction()
            self.connection.policy_checked = True
        self._admit = self.connection.client.transport_options.get(ADMIT_OPTION)
        if self._admit is not None:
            self._queue_cycle = _NarrowedCycle(self._queue_cycle)

    def _refuse_eviction(self) -> None:
        with self.conn_or_acquire() as client:  # type: ignore[attr-defined]  # Kombu's channel has it
            check_policy(client)

    def _brpop_start(self, timeout: float | None = None) -> None:
        """Begin to read, from the queues that are admitted; where none is, the next turn of the loop asks again."""
        if self._admit is not None:
            queues = self.active_queues
            admitted = set(self._admit(queues))
            self._queue_cycle.admitted = admitted
            if len(admitted) < len(set(queues)):
                timeout = NARROWED_S
        super()._brpop_start(timeout)  # type: ignore[misc]  # Kombu's channel has it

    def _brpop_read(self, **options: Any) -> bool:  # noqa: ANN401  # Kombu's
        """Read a BRPOP's answer, as Kombu does, with the check between reading and delivering."""
        try:
            try:
                answer = self.client.parse_response(self.client.connection, "BRPOP", **options)
            except self.connection_errors:
                self.client.connection.disconnect()
                raise
            except ResponseError as error:
                if "WRONGTYPE" not in str(error):
                    raise
                self._set_aside_foreign_keys(self.active_queues)
                raise Empty from error
            if not answer:
                raise Empty
            key, item = answer
            queue = key.decode().rsplit(self.sep, 1)[0]
            self._queue_cycle.rotate(queue)
            if queue in self.active_queues:
                self._deliver_checked(queue, item)
            else:  # it was given up while it was read
                self._put_back(queue, item)
            return True
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()  # type: ignore[attr-defined]  # Kombu's channel has it

    def _put_back(self, queue: str, item: bytes) -> None:
        """Lay a message back where the next one is taken from."""
        with self.conn_or_acquire() as client:  # type: ignore[attr-defined]  # Kombu's channel has it
            client.rpush(queue, item)

    def _deliver_checked(self, queue: str, item: bytes) -> None:
        try:
            message = read_message(item, is_task=not queue.endswith(_CONTROL_SUFFIX))
        except UnreadableMessageError as error:
            self._quarantine(queue, item, str(error))
            return
        try:
            self.connection._deliver(message, queue)  # noqa: SLF001  # as Kombu's own channel does
        except _BROKER_ERRORS:
            raise
        except Exception as error:  # noqa: BLE001  # whatever Celery makes of it, the consumer goes on
            _log.exception("a message of the queue %s could not be delivered", queue)
            self._quarantine(queue, item, f"it could not be delivered: {error!r}")

    def _get(self, queue: str) -> dict[str, Any]:
        """Take one message off a queue without blocking, passing over what cannot be read."""
        with self.conn_or_acquire() as client:  # type: ignore[attr-defined]  # Kombu's channel has it
            while (item := client.rpop(queue)) is not None:
                try:
                    return read_message(item, is_task=not queue.endswith(_CONTROL_SUFFIX))
                except UnreadableMessageError as error:
                    self._quarantine(queue, item, str(error))
        raise Empty

    def _deliver_fanout_message(self, message: object, exchange: str) -> bool:
        """Deliver a broadcast; one that cannot be read is logged and forgotten."""
        try:
            check_message(message, is_task=False)
        except UnreadableMessageError as error:
            _log.warning("a broadcast of %s is ignored: %s", exchange, error)
            return True
        return bool(super()._deliver_fanout_message(message, exchange))  # type: ignore[misc]  # Kombu's channel

    def _quarantine(self, queue: str, item: bytes, reason: str) -> None:
        _log.error("a message of the queue %s is set aside in %s: %s", queue, QUARANTINE_KEY, reason)
        record = {
            "queue": queue,
            "reason": reason,
            "at": time.time(),
            "bytes": len(item),
            "payload": item[:QUARANTINE_BYTES].decode("utf-8", "backslashreplace"),
        }
        try:
            with self.conn_or_acquire() as client:  # type: ignore[attr-defined]  # Kombu's channel has it
                client.lpush(QUARANTINE_KEY, json.dumps(record))
                client.ltrim(QUARANTINE_KEY, 0, QUARANTINE_LENGTH - 1)
        except _BROKER_ERRORS as error:
            start = record["payload"]
            _log.warning("it could not be kept in %s: %s; its beginning: %.200s", QUARANTINE_KEY, error, start)

    def _size(self, queue: str) -> int:
        """How many messages wait in a queue; what has its name and is no queue is set aside."""
        try:
            return int(super()._size(queue))  # type: ignore[misc]  # Kombu's channel has it
        except ResponseError as error:
            if "WRONGTYPE" not in str(error):
                raise
            self._set_aside_foreign_keys([queue])
            return 0

    def _set_aside_foreign_keys(self, queues: Iterable[str]) -> None:
        """Rename what has a queue's name and is no list: reading it fails for ever."""
        with self.conn_or_acquire() as client:  # type: ignore[attr-defined]  # Kombu's channel has it
            for queue in queues:
                kind = client.type(queue).decode()
                if kind not in ("list", "none"):
                    client.renamenx(queue, f"{QUARANTINE_KEY}.{queue}.{time.time_ns()}")
                    _log.error("the key %s was a %s, not a queue; it was renamed", queue, kind)


class _NarrowedCycle:
    """Kombu's order of queues, without those that are not admitted now.

    Attributes:
        admitted: Those that are.
    """

    def __init__(self, cycle: Any) -> None:  # noqa: ANN401  # one of Kombu's
        self._cycle = cycle
        self.admitted: set[str] = set()

    def update(self, queues: Iterable[str]) -> None:
        """Replace the queues."""
        self._cycle.update(queues)

    def consume(self, count: int) -> list[str]:
        """The admitted ones among the first ``count``."""
        return [queue for queue in self._cycle.consume(count) if queue in self.admitted]

    def rotate(self, last: str) -> object:
        """Let the others come before the one that was read from."""
        return self._cycle.rotate(last)


class QuarantineChannel(_QuarantineMixin, kombu_redis.Channel):  # type: ignore[misc]  # Kombu has no types
    """A channel to one Redis server."""


class QuarantineSentinelChannel(_QuarantineMixin, kombu_redis.SentinelChannel):  # type: ignore[misc]  # Kombu has no types
    """A channel to the master that Sentinel names."""


class QuarantineTransport(kombu_redis.Transport):
    """Redis, with quarantine."""

    Channel = QuarantineChannel


class QuarantineSentinelTransport(kombu_redis.SentinelTransport):
    """Redis Sentinel, with quarantine."""

    Channel = QuarantineSentinelChannel


def check_policy(client: Any) -> None:  # noqa: ANN401  # any of redis-py's clients
    """Refuse a server that evicts keys under memory pressure.

    Raises:
        UnsafeBrokerError: It would drop whole queues without a word.
    """
    try:
        policy = client.info("memory").get("maxmemory_policy", _SAFE_POLICY)
    except ResponseError as error:
        _log.warning("the broker does not tell its eviction policy (%s); it must be %s", error, _SAFE_POLICY)
        return
    if policy != _SAFE_POLICY:
        raise UnsafeBrokerError(
            f"the broker's maxmemory-policy is {policy}: it would drop queues silently when memory is short; "
            f"set it to {_SAFE_POLICY}"
        )
