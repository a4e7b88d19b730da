"""How a Celery application comes to its breakers: by its own configuration, else by its broker."""

import os
from dataclasses import fields, replace
from typing import Any, Final
from weakref import WeakKeyDictionary

from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.memory_store import MemoryStore
from dtf.breakers.redis_address import RedisAddress
from dtf.breakers.redis_store import RedisStore
from dtf.breakers.store import BreakerStore
from dtf.domain.errors import SettingsError

#: What the settings of breakers begin with in an application's configuration: ``breaker_redis_url``,
#: ``breaker_prefix``, ``breaker_policy`` and the other fields of ``BreakerConfig``.
SETTING: Final = "breaker_"
REDIS_URL: Final = SETTING + "redis_url"

#: Settings of the others that the application's tasks decide about, each for itself.
_TASKS_OWN: Final = ("canary", "probes", "lease_s")

#: What a call says of itself: whether it has a canary, how many may probe, and for how long a probe is waited for.
_Manner = tuple[bool, int, float]


class Wired:
    """An application's breakers in one process: one store, and clients by the manner of the calls.

    Attributes:
        pid: The process; a fork makes its own.
        store: Where the breakers are.
        config: Their settings.
    """

    def __init__(self, app: Any) -> None:  # noqa: ANN401  # Celery has no types
        self.pid = os.getpid()
        self.config = breaker_config(app)
        self.store = open_store(app, self.config)
        self._clients: dict[_Manner, Breakers] = {}

    def breakers(self, manner: _Manner) -> Breakers:
        """The client for calls of a manner."""
        found = self._clients.get(manner)
        if found is None:
            canary, probes, lease_s = manner
            config = replace(self.config, canary=canary, probes=probes, lease_s=lease_s)
            # two threads may make two, which is as good as one
            found = self._clients[manner] = Breakers(self.store, config)
        return found


_wired: "WeakKeyDictionary[Any, Wired]" = WeakKeyDictionary()


def breakers_for(app: Any, *, canary: bool = False, probes: int = 1, lease_s: float = 600.0) -> Breakers:  # noqa: ANN401  # as above
    """The breakers of an application, for calls of one manner, in this process.

    Args:
        app: A Celery application.
        canary: Whether a canary probes in place of the calls.
        probes: How many may probe at a time.
        lease_s: After so many seconds a probe that has not returned is given up.

    Raises:
        SettingsError: The application's settings of breakers cannot be used.
    """
    return wired(app).breakers((canary, probes, lease_s))


def wired(app: Any) -> Wired:  # noqa: ANN401  # as above
    """An application's breakers in this process.

    Raises:
        SettingsError: The application's settings of breakers cannot be used.
    """
    app = app._get_current_object() if hasattr(app, "_get_current_object") else app  # noqa: SLF001  # Celery's proxies
    found = _wired.get(app)
    if found is None or found.pid != os.getpid():
        found = _wired[app] = Wired(app)
    return found


def breaker_config(app: Any) -> BreakerConfig:  # noqa: ANN401  # as above
    """An application's settings of breakers.

    Raises:
        SettingsError: They cannot be used.
    """
    known = [f.name for f in fields(BreakerConfig) if f.name not in _TASKS_OWN]
    unknown = sorted(_named(app.conf) - {*known, REDIS_URL.removeprefix(SETTING)})
    if unknown:
        raise SettingsError(
            f"the Celery setting {SETTING}{unknown[0]} is none of breakers; there are {SETTING}redis_url and "
            + ", ".join(SETTING + name for name in known)
        )
    values = {name: value for name in known if (value := app.conf.get(SETTING + name)) is not None}
    if isinstance(values.get("policy"), str):
        values["policy"] = _policy(values["policy"])
    return BreakerConfig.of({**values, "canary": False})


def redis_address(app: Any) -> RedisAddress | None:  # noqa: ANN401  # as above
    """Where an application's breakers are: ``breaker_redis_url``, else its broker where that is a Redis; None: nowhere.

    Raises:
        SettingsError: ``breaker_redis_url`` is no address of a Redis.
    """
    conf = app.conf
    named = conf.get(REDIS_URL)
    if named:
        address = RedisAddress.of(str(named), conf.broker_transport_options or {}, conf.broker_use_ssl)
        if address is None:
            raise SettingsError(
                f"the Celery setting {REDIS_URL} names no Redis: it begins with redis://, rediss:// or so"
            )
        return address
    broker = conf.broker_write_url or conf.broker_url or ""
    several = [broker] if isinstance(broker, str) else list(broker)
    return RedisAddress.of(";".join(several), conf.broker_transport_options or {}, conf.broker_use_ssl)


def open_store(app: Any, config: BreakerConfig) -> BreakerStore:  # noqa: ANN401  # as above
    """Where an application's breakers are kept; without a Redis each process keeps its own."""
    address = redis_address(app)
    if address is None:
        return MemoryStore(stale_s=config.stale_s, kept_evidence=config.kept_evidence)
    return RedisStore(address.client(config.timeout_s), config)


def _named(conf: Any) -> set[str]:  # noqa: ANN401  # as above
    """The settings of breakers in an application's configuration, with or without its own prefix."""
    starts = (SETTING, str(getattr(conf, "prefix", "") or "").lower() + SETTING)
    return {key.lower().removeprefix(start) for key in conf for start in starts if key.lower().startswith(start)}


def _policy(value: str) -> BreakerPolicy | str:
    try:
        return BreakerPolicy(value)
    except ValueError:
        return value  # the settings say what is wrong with it
