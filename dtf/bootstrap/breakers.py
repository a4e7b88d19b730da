"""Puts the circuit breakers together: from dtf's settings to their store and their client."""

from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.learning_loop import Lease
from dtf.breakers.redis_address import RedisAddress
from dtf.breakers.store import BreakerStore
from dtf.breakers.stores import open_store
from dtf.domain.errors import SettingsError
from dtf.settings import Settings

#: Where breakers are that refuse nothing and tell nobody.
_NOWHERE = "memory://"


def breaker_config(settings: Settings) -> BreakerConfig:
    """The breakers' settings.

    Raises:
        SettingsError: They contradict each other.
    """
    return BreakerConfig(
        policy=BreakerPolicy(settings.breaker),
        failures_to_open=settings.breaker_failures,
        open_at=settings.breaker_open_at,
        close_at=settings.breaker_close_at,
        passes_to_close=settings.breaker_passes,
        probe_every_s=settings.breaker_wait_s,
        probe_quick_s=settings.breaker_quick_wait_s,
        probes=settings.breaker_probes,
        lease_s=settings.breaker_probe_lease_s,
        hold_s=settings.breaker_hold_s,
    )


def make_store(settings: Settings, broker_url: str | None) -> BreakerStore:
    """Where the breakers of a cluster are: beside its queues. It connects when it is first used.

    Args:
        settings: How breakers are set; where they are off each process has a store of its own, with nothing in it.
        broker_url: The cluster's broker; None: each process has breakers of its own.

    Raises:
        SettingsError: The settings contradict each other, or the broker cannot keep breakers.
    """
    config = breaker_config(settings)
    return open_store(_NOWHERE if config.policy is BreakerPolicy.OFF else broker_url or _NOWHERE, config)


def make_breakers(settings: Settings, broker_url: str | None) -> Breakers:
    """A client of the cluster's breakers for one process; safe between threads, and never away for its callers.

    Raises:
        SettingsError: As ``make_store``.
    """
    return Breakers(make_store(settings, broker_url), breaker_config(settings))


def make_lease(settings: Settings, broker_url: str) -> Lease:
    """Whose turn it is to learn: the leading coordinator's, unless a ``dtf learn`` of the same breakers is at work.

    Raises:
        SettingsError: The broker cannot keep breakers.
    """
    from dtf.breakers.redis_learner import RedisLease  # noqa: PLC0415  # redis, only where something is learned

    address, config = RedisAddress.of(broker_url), breaker_config(settings)
    if address is None:
        raise SettingsError("breakers need a Redis-protocol server as the broker")
    return RedisLease(address.client(config.timeout_s), config.prefix)
