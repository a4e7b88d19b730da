import ssl
from typing import Any

import pytest

from dtf.breakers.redis_address import RedisAddress
from dtf.domain.errors import BadInputError


@pytest.mark.parametrize("url", ["", "amqp://host//", "memory://", "sqs://key@", "redis", "filesystem://"])
def test_what_is_no_redis(url: str) -> None:
    """There is no address then, and no error: the breakers are kept elsewhere."""
    assert RedisAddress.of(url) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://host", {"host": "host", "db": 0}),
        ("redis://:secret@host:7000/3", {"host": "host", "port": 7000, "db": 3, "password": "secret"}),
        ("redis://host//", {"host": "host", "db": 0}),
        ("amqp://a;redis://b:1/2;redis://c", {"host": "b", "port": 1, "db": 2}),
        ("redis+socket:///run/redis.sock?virtual_host=4", {"path": "/run/redis.sock", "db": 4}),
    ],
)
def test_urls_as_celery_takes_them(url: str, expected: dict[str, object]) -> None:
    """The first server that is a Redis, with its database and its password, and with limits on every wait."""
    address = RedisAddress.of(url)
    assert address is not None
    options = address.client(0.5).connection_pool.connection_kwargs
    assert {key: options.get(key, 0) for key in expected} == expected
    assert options["socket_timeout"] == 0.5


def test_tls_as_celery_takes_it() -> None:
    """In the URL by Celery's words, or as broker_use_ssl."""
    named = RedisAddress.of("rediss://host?ssl_cert_reqs=CERT_NONE")
    told = RedisAddress.of("rediss://host", None, {"ssl_cert_reqs": ssl.CERT_NONE})
    assert named is not None
    assert told is not None
    assert named.client(1).connection_pool.connection_kwargs["ssl_cert_reqs"] == "none"
    assert told.client(1).connection_pool.connection_kwargs["ssl_cert_reqs"] == ssl.CERT_NONE


def test_sentinels() -> None:
    """All that are named are asked, each with its own options."""
    address = RedisAddress.of(
        "sentinel://:secret@a:26000/2;sentinel://b",
        {"master_name": "labs", "sentinel_kwargs": {"password": "other"}},
    )
    assert address is not None
    pool: Any = address.client(1).connection_pool
    manager = pool.sentinel_manager
    asked = [one.connection_pool.connection_kwargs for one in manager.sentinels]
    assert [(one["host"], one["port"], one["password"]) for one in asked] == [
        ("a", 26000, "other"),
        ("b", 26379, "other"),
    ]
    assert (pool.service_name, pool.connection_kwargs["db"], pool.connection_kwargs["password"]) == (
        "labs",
        2,
        "secret",
    )


def test_it_never_shows_a_password() -> None:
    """Neither in its text nor in what is said of one that cannot be used."""
    address = RedisAddress.of("redis://:secret@host:port/0", None, {"ssl_password": "secret"})
    assert address is not None
    with pytest.raises(BadInputError) as error:
        address.client(1)
    assert "secret" not in repr(address) + str(error.value)
