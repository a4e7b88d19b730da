"""Breakers in a Redis-protocol server, shared by all who know its address and their prefix."""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from redis.exceptions import RedisError

from dtf.breakers.config import BreakerConfig
from dtf.breakers.errors import StoreUnavailableError
from dtf.breakers.lenient import read_learned, read_told
from dtf.breakers.scripts import script
from dtf.breakers.store import KEPT_TRANSITIONS, Account
from dtf.breakers.wire import (
    packed_evidence,
    packed_mode,
    packed_params,
    packed_told,
    target_text,
    text_target,
    unpacked_change,
    unpacked_gate,
    unpacked_record,
    unpacked_transition,
)
from dtf.domain.breaker import BreakerMode, Target, Transition
from dtf.domain.codec import to_json
from dtf.domain.evidence import EvidenceRecord
from dtf.domain.learned import Learned
from dtf.resilience.breaker import BreakerRecord, Change, Evidence, Gate
from dtf.resilience.breaker_params import FIXED, BreakerParams

if TYPE_CHECKING:
    from redis import Redis

P = ParamSpec("P")
T = TypeVar("T")

_FIELDS = ("numbers", "permits", "suspects")

#: More values than this are not remembered; targets and parameters come and go.
_MOST_REMEMBERED = 10000


def _answered(
    method: "Callable[Concatenate[RedisStore, P], T]",
) -> "Callable[Concatenate[RedisStore, P], T]":
    """Turns the client's errors into ours; those of a full or read-only server among them."""

    @wraps(method)
    def guarded(self: "RedisStore", *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(self, *args, **kwargs)
        except (RedisError, OSError) as error:
            raise StoreUnavailableError(f"the breakers' store does not answer ({error})") from error

    return cast("Callable[Concatenate[RedisStore, P], T]", guarded)


class RedisStore:
    """A ``BreakerStore`` in Redis: each breaker is a hash that scripts change atomically, on the server's clock.

    Args:
        client: A client that does not decode answers; it is closed with the store.
        config: The prefix of the keys, and how much is kept.
    """

    def __init__(self, client: "Redis", config: BreakerConfig | None = None) -> None:
        self._client = client
        self._config = config or BreakerConfig()
        self._prefix = self._config.prefix
        self._all = f"{self._prefix}:breakers"
        self._evidence = f"{self._prefix}:breakers:evidence"
        self._learned = f"{self._prefix}:breakers:learned"
        self._texts: dict[Target, tuple[str, str, str]] = {}
        self._packed: dict[BreakerParams, bytes] = {}
        self._last: tuple[bytes, Learned | None] | None = None

    @_answered
    def ask(self, target: Target, params: BreakerParams, *, permit: str, canary: bool = False) -> Gate:
        """As ``BreakerStore``."""
        text, key, _ = self._names(target)
        arguments = (self._params(params), text, permit, b"1" if canary else b"")
        return unpacked_gate(script("gate").run(self._client, (key, self._all), arguments))

    @_answered
    def observe(
        self, target: Target, params: BreakerParams, evidence: Evidence, account: Account | None = None
    ) -> Change:
        """As ``BreakerStore``."""
        text, key, openings = self._names(target)
        arguments = (
            self._params(params),
            text,
            packed_evidence(evidence, account, self._config.kept_evidence),
            evidence.sign.value,
            evidence.permit,
            evidence.reference,
            account.job_group if account else "",
        )
        keys = key, self._all, openings, self._evidence
        return unpacked_change(script("result").run(self._client, keys, arguments))

    @_answered
    def give_back(self, target: Target, permit: str) -> None:
        """As ``BreakerStore``."""
        script("give_back", alone=True).run(self._client, (self._names(target)[1],), (permit,))

    @_answered
    def raise_belief(self, target: Target, params: BreakerParams, factor: float) -> None:
        """As ``BreakerStore``."""
        text, key, _ = self._names(target)
        script("raise").run(self._client, (key, self._all), (self._params(params), text, repr(float(factor))))

    @_answered
    def hasten(self, target: Target, params: BreakerParams) -> None:
        """As ``BreakerStore``."""
        text, key, _ = self._names(target)
        script("hasten").run(self._client, (key, self._all), (self._params(params), text))

    @_answered
    def set_mode(self, target: Target, mode: BreakerMode, *, order: int = 0) -> BreakerRecord:
        """As ``BreakerStore``."""
        text, key, _ = self._names(target)
        arguments = (self._params(FIXED), text, packed_mode(mode), order)
        return unpacked_record(*script("mode").run(self._client, (key, self._all), arguments))

    @_answered
    def forced_open_since(self, target: Target) -> float | None:
        """As ``BreakerStore``."""
        numbers, mode_at = cast("Any", self._client.hmget(self._names(target)[1], ("numbers", "mode_at")))
        if not numbers or unpacked_record(numbers).mode is not BreakerMode.FORCED_OPEN:
            return None
        return float(mode_at or 0.0)

    @_answered
    def read(self, target: Target) -> BreakerRecord | None:
        """As ``BreakerStore``."""
        parts = cast("Any", self._client.hmget(self._names(target)[1], _FIELDS))
        return unpacked_record(*parts) if parts[0] else None

    @_answered
    def all(self) -> Mapping[Target, BreakerRecord]:
        """As ``BreakerStore``; those that were forgotten leave the set."""
        targets = self._members("")
        with self._client.pipeline(transaction=False) as pipe:
            for target in targets:
                pipe.hmget(self._names(target)[1], _FIELDS)
            found = dict(zip(targets, pipe.execute(), strict=True))
        gone = [target_text(target) for target, parts in found.items() if not parts[0]]
        if gone:
            self._client.srem(self._all, *gone)
        return {target: unpacked_record(*parts) for target, parts in found.items() if parts[0]}

    @_answered
    def targets(self, hardware: str = "") -> tuple[Target, ...]:
        """As ``BreakerStore``."""
        return self._members(hardware)

    @_answered
    def opened_within(self, hardware: str, seconds: float) -> tuple[Target, ...]:
        """As ``BreakerStore``."""
        openings = self._names(Target(hardware=hardware, name=""))[2]
        names = script("opened", alone=True).run(self._client, (openings,), (repr(float(seconds)),))
        return tuple(sorted(Target(hardware=hardware, name=name.decode()) for name in names))

    @_answered
    def transitions(self, target: Target, after_epoch: int) -> tuple[Transition, ...]:
        """As ``BreakerStore``."""
        fields = [f"t{slot}" for slot in range(KEPT_TRANSITIONS)]
        kept = cast("Any", self._client.hmget(self._names(target)[1], fields))
        found = [unpacked_transition(target, data) for data in kept if data]
        return tuple(sorted((one for one in found if one.epoch > after_epoch), key=lambda one: one.epoch))

    @_answered
    def tell(self, record: EvidenceRecord) -> None:
        """As ``BreakerStore``."""
        fields = cast("Any", packed_told(record))
        self._client.xadd(self._evidence, fields, maxlen=self._config.kept_evidence, approximate=True)

    @_answered
    def heard(self, after: str, count: int) -> tuple[str, tuple[EvidenceRecord, ...]]:
        """As ``BreakerStore``."""
        lowest = f"({after}" if after else "-"
        found = cast("list[Any]", self._client.xrange(self._evidence, min=lowest, count=count))
        told = (read_told(fields) for _, fields in found)
        return (found[-1][0].decode() if found else after), tuple(record for record in told if record)

    @_answered
    def learned(self) -> Learned | None:
        """As ``BreakerStore``; the server forgets it when it is stale."""
        data = cast("bytes | None", self._client.get(self._learned))
        if data is None:
            return None
        if self._last is None or self._last[0] != data:
            self._last = data, read_learned(data)
        return self._last[1]

    @_answered
    def publish(self, learned: Learned) -> None:
        """As ``BreakerStore``."""
        text = json.dumps(to_json(learned), separators=(",", ":"))
        self._client.set(self._learned, text, px=int(self._config.stale_s * 1000))

    @_answered
    def now(self) -> float:
        """As ``BreakerStore``."""
        seconds, micros = self._client.time()
        return seconds + micros / 1e6

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def _members(self, hardware: str) -> tuple[Target, ...]:
        known = (text_target(data) for data in cast("set[bytes]", self._client.smembers(self._all)))
        return tuple(sorted(target for target in known if hardware in ("", target.hardware)))

    def _names(self, target: Target) -> tuple[str, str, str]:
        """Its text, the key of its breaker, and the key of its hardware's openings."""
        found = self._texts.get(target)
        if found is None:
            if len(self._texts) >= _MOST_REMEMBERED:
                self._texts = {}
            text = target_text(target)
            hardware = text.partition(":")[0]
            key, openings = f"{self._prefix}:breaker:{text}", f"{self._prefix}:breakers:openings:{hardware}"
            found = self._texts[target] = text, key, openings
        return found

    def _params(self, params: BreakerParams) -> bytes:
        found = self._packed.get(params)
        if found is None:
            if len(self._packed) >= _MOST_REMEMBERED:
                self._packed = {}
            found = self._packed[params] = packed_params(params, self._config.kept_s)
        return found
