"""Where a Redis-protocol server is, and a client for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from dtf.domain.errors import BadInputError

if TYPE_CHECKING:
    from redis import Redis

#: Kombu's words for what redis-py calls otherwise.
_SCHEMES: Final = {"redis": "redis", "rediss": "rediss", "redis+socket": "unix", "unix": "unix", "valkey": "redis"}
_WORDS: Final = {
    "ssl_cert_reqs=CERT_REQUIRED": "ssl_cert_reqs=required",
    "ssl_cert_reqs=CERT_OPTIONAL": "ssl_cert_reqs=optional",
    "ssl_cert_reqs=CERT_NONE": "ssl_cert_reqs=none",
    "?virtual_host=": "?db=",
}
_SENTINEL_PORT: Final = 26379


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisAddress:
    """Where a Redis-protocol server is. It never shows itself, as addresses carry passwords.

    Attributes:
        urls: The server; several: the sentinels that know it.
        master: By what name the sentinels know it; empty: it is asked itself.
        sentinel_options: How the sentinels themselves are to be spoken to.
        tls: What Celery's ``broker_use_ssl`` says.
    """

    urls: tuple[str, ...] = field(repr=False)
    master: str = ""
    sentinel_options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    tls: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, text: str, options: Mapping[str, Any] | None = None, tls: object = None) -> "RedisAddress | None":
        """What a broker's URL, or several with semicolons between them, leads to; None: to no Redis.

        Args:
            text: The URL, as Celery takes it; of several servers that stand in for each other the first one counts.
            options: The transport's options: the sentinels' ``master_name`` and ``sentinel_kwargs``.
            tls: Celery's ``broker_use_ssl``.
        """
        urls = [url.strip() for url in text.split(";") if url.strip()]
        schemes = [scheme.lower() if there else "" for scheme, there, _ in (url.partition("://") for url in urls)]
        more = tls if isinstance(tls, Mapping) else {}
        if schemes and schemes[0] == "sentinel":
            options = options or {}
            named = str(options.get("master_name") or "mymaster")
            sentinels = tuple(url for url, scheme in zip(urls, schemes, strict=True) if scheme == "sentinel")
            return cls(urls=sentinels, master=named, sentinel_options=options.get("sentinel_kwargs") or {}, tls=more)
        found = next((url for url, scheme in zip(urls, schemes, strict=True) if scheme in _SCHEMES), None)
        return cls(urls=(found,), tls=more) if found else None

    def client(self, timeout_s: float) -> "Redis":
        """A client of it; it connects when it is first used.

        Args:
            timeout_s: How long to wait for a connection and for an answer, in seconds.

        Raises:
            BadInputError: The address cannot be used.
        """
        from redis.backoff import NoBackoff  # noqa: PLC0415  # whoever has breakers of its own alone goes without
        from redis.exceptions import ConnectionError as RedisConnectionError  # noqa: PLC0415  # as above
        from redis.retry import Retry  # noqa: PLC0415  # as above

        # once more, as a server that was restarted has closed what is in the pool; what timed out may have been done
        retry = Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
        limits = {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s, "retry": retry}
        try:
            return self._behind_sentinels(limits) if self.master else self._direct(limits)
        except (ValueError, TypeError) as error:
            raise BadInputError(f"the address of the breakers' Redis cannot be used: {error}") from error

    def _direct(self, limits: Mapping[str, Any]) -> "Redis":
        from redis import Redis  # noqa: PLC0415  # as above

        scheme, _, rest = self.urls[0].partition("://")
        url = f"{_SCHEMES[scheme.lower()]}://{rest}"
        for theirs, ours in _WORDS.items():
            url = url.replace(theirs, ours)
        return Redis.from_url(url, **limits, **self.tls)

    def _behind_sentinels(self, limits: Mapping[str, Any]) -> "Redis":
        from redis.sentinel import Sentinel  # noqa: PLC0415  # as above

        parts = [urlsplit(url) for url in self.urls]
        first = parts[0]
        known = {
            "db": int(first.path.strip("/") or 0),
            "password": unquote(first.password) if first.password else None,
            "username": unquote(first.username) if first.username else None,
        }
        where = [(part.hostname or "localhost", part.port or _SENTINEL_PORT) for part in parts]
        sentinel = Sentinel(where, sentinel_kwargs=dict(self.sentinel_options), **limits, **known, **self.tls)  # type: ignore[no-untyped-call]  # redis-py's
        client: Redis = sentinel.master_for(self.master)  # type: ignore[no-untyped-call]  # as above
        return client
