"""Whether the broker can be used."""

from kombu.exceptions import OperationalError
from kombu.utils.url import maybe_sanitize_url
from redis.exceptions import RedisError

from dtf.domain.errors import BrokerUnavailableError
from dtf.storage.broker import broker_connection


def check_broker(url: str) -> None:
    """Connect to the broker once and see that it keeps what it is given.

    Raises:
        BrokerUnavailableError: It cannot be reached.
        UnsafeBrokerError: It evicts keys when memory is short.
    """
    shown = maybe_sanitize_url(url)
    try:
        with broker_connection(url) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
            connection.default_channel  # noqa: B018  # its making checks the policy
    except (OperationalError, RedisError, OSError) as error:
        raise BrokerUnavailableError(f"the broker {shown} cannot be reached: {error}") from error
