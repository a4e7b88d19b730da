"""What the learner keeps in Redis: whose turn it is, and what it knows."""

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import uuid4

from redis.exceptions import RedisError

from dtf.breakers.errors import StoreUnavailableError

if TYPE_CHECKING:
    from redis import Redis

_log = logging.getLogger(__name__)

#: For how long a learner that does not come back keeps its turn, in seconds: several turns.
LEASE_S: Final = 20.0

_IF_MINE: Final = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end "
_RENEW: Final = _IF_MINE + "return redis.call('PEXPIRE', KEYS[1], ARGV[2])"
_LET_GO: Final = _IF_MINE + "return redis.call('DEL', KEYS[1])"


class RedisLease:
    """Whose turn it is to learn: a key that expires.

    Args:
        client: A client of the breakers' server.
        prefix: What its keys begin with.
        lease_s: For how long it is held without being renewed, in seconds.
    """

    def __init__(self, client: "Redis", prefix: str, *, lease_s: float = LEASE_S) -> None:
        self._client = client
        self._key = f"{prefix}:breakers:learner"
        self._mine = uuid4().hex
        self._lease_ms = int(lease_s * 1000)

    def hold(self) -> bool:
        """Take it or renew it; False: somebody else has it.

        Raises:
            StoreUnavailableError: The server does not answer.
        """
        try:
            if self._client.eval(_RENEW, 1, self._key, self._mine, str(self._lease_ms)):
                return True
            return bool(self._client.set(self._key, self._mine, nx=True, px=self._lease_ms))
        except (RedisError, OSError) as error:
            raise StoreUnavailableError(f"the breakers' store does not answer ({error})") from error

    def let_go(self) -> None:
        """Give it back, if it is held.

        Raises:
            StoreUnavailableError: The server does not answer.
        """
        try:
            self._client.eval(_LET_GO, 1, self._key, self._mine)
        except (RedisError, OSError) as error:
            raise StoreUnavailableError(f"the breakers' store does not answer ({error})") from error


class RedisSnapshots:
    """What the learner knows, as JSON in one key.

    Args:
        client: A client of the breakers' server.
        prefix: What its keys begin with.
    """

    def __init__(self, client: "Redis", prefix: str) -> None:
        self._client = client
        self._key = f"{prefix}:breakers:snapshot"

    def load(self) -> Mapping[str, Any] | None:
        """The last one; None: there is none that can be read.

        Raises:
            StoreUnavailableError: The server does not answer.
        """
        try:
            data = cast("bytes | None", self._client.get(self._key))
        except (RedisError, OSError) as error:
            raise StoreUnavailableError(f"the breakers' store does not answer ({error})") from error
        if data is None:
            return None
        try:
            found = json.loads(data)
        except ValueError as error:
            _log.warning("the learner's snapshot cannot be read, it begins anew: %s", error)
            return None
        return found if isinstance(found, dict) else None

    def save(self, snapshot: Mapping[str, Any]) -> None:
        """Keep one in place of the last.

        Raises:
            StoreUnavailableError: The server does not answer.
        """
        try:
            self._client.set(self._key, json.dumps(snapshot, separators=(",", ":")))
        except (RedisError, OSError) as error:
            raise StoreUnavailableError(f"the breakers' store does not answer ({error})") from error
