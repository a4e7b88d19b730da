"""The breakers of any Celery application: in a Redis, without a ledger."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dtf.domain.breaker import Target
from dtf.domain.errors import BadInputError
from dtf.domain.ports.breakers import BreakerPast, Told
from dtf.settings import load_settings

if TYPE_CHECKING:
    from dtf.breakers.config import BreakerConfig
    from dtf.breakers.store import BreakerStore


@contextmanager
def redis_breakers(url: str, prefix: str) -> Iterator["tuple[BreakerStore, BreakerConfig]"]:
    """The breakers of a prefix, and their settings.

    Args:
        url: The Redis, as Celery takes it; empty: dtf's own broker.
        prefix: What the names of their keys begin with.

    Raises:
        BadInputError: No breakers can be there.
    """
    from dtf.breakers.config import BreakerConfig  # noqa: PLC0415  # --help is quick
    from dtf.breakers.redis_address import RedisAddress  # noqa: PLC0415  # as above
    from dtf.breakers.redis_store import RedisStore  # noqa: PLC0415  # as above

    config = BreakerConfig(prefix=prefix, canary=False)
    where = url or load_settings().broker_url
    if not where:
        raise BadInputError("dtf breakers --prefix needs --broker URL, or the setting broker_url (DTF_BROKER_URL)")
    address = RedisAddress.of(where)
    if address is None:
        raise BadInputError("breakers are kept in a Redis: --broker takes a redis://, rediss:// or sentinel:// URL")
    store = RedisStore(address.client(config.timeout_s), config)
    try:
        yield store, config
    finally:
        store.close()


class NoPast(BreakerPast):
    """Nothing is known of before."""

    def told(self) -> Mapping[Target, Told]:
        """No transition."""
        return {}

    def history(self, target: Target, limit: int = 50) -> Sequence[Mapping[str, object]]:
        """No event."""
        del target, limit
        return ()
