"""From a broker's URL to the store of its breakers."""

from dtf.breakers.config import BreakerConfig
from dtf.breakers.memory_store import MemoryStore
from dtf.breakers.redis_address import RedisAddress
from dtf.breakers.store import BreakerStore
from dtf.domain.errors import SettingsError


def open_store(url: str, config: BreakerConfig | None = None) -> BreakerStore:
    """The store of a broker's breakers; it connects when it is first used.

    Args:
        url: As Celery takes it: ``redis://``, ``rediss://``, ``sentinel://`` ...; ``memory://``: this process alone.
        config: The breakers' settings.

    Raises:
        SettingsError: No breakers can be kept there.
    """
    config = config or BreakerConfig()
    if url.partition("://")[0].lower() == "memory":
        return MemoryStore(stale_s=config.stale_s, kept_evidence=config.kept_evidence)
    address = RedisAddress.of(url)
    if address is None:
        raise SettingsError(f"breakers need a Redis-protocol server, not {url.partition('://')[0][:20]!r}")
    from dtf.breakers.redis_store import RedisStore  # noqa: PLC0415  # who keeps them in memory goes without redis

    return RedisStore(address.client(config.timeout_s), config)
