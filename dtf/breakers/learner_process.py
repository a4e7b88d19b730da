"""The process in which a worker's learner runs: ``python -m dtf.breakers.learner_process``.

It is told on standard input, in one line of JSON, where the breakers are, so that no password stands in a command line;
and it ends with the next line, or when that input ends, as it does when the worker ends in whatever way.
"""

import json
import logging
import sys
import threading
from dataclasses import dataclass
from typing import Final

from dtf.breakers.config import BreakerConfig
from dtf.breakers.learner import RedisLearner
from dtf.breakers.learning_loop import MissingRiverError
from dtf.breakers.redis_address import RedisAddress
from dtf.domain.codec import from_json, to_json
from dtf.domain.errors import BadInputError

#: It ends with this status where it would end again if it were started again.
HOPELESS: Final = 78
#: The line that ends it. The end of its input may be late: the worker's pool children inherit the other end.
END: Final = b"end\n"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the process is told.

    Attributes:
        address: Where the breakers are.
        config: Their settings.
        interval_s: How long the learner waits between two turns, in seconds.
    """

    address: RedisAddress
    config: BreakerConfig
    interval_s: float

    def line(self) -> bytes:
        """It as one line."""
        return json.dumps(to_json(self)).encode() + b"\n"

    @classmethod
    def read(cls, line: bytes) -> "Order":
        """It from its line.

        Raises:
            BadInputError: It is none.
        """
        try:
            return from_json(cls, json.loads(line))
        except ValueError as error:
            raise BadInputError(f"the learner was not told where the breakers are: {error}") from error


def main() -> int:
    """Learn until it is told to end, or standard input ends."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="[%(asctime)s: %(levelname)s/Learner] %(message)s"
    )
    stop = threading.Event()
    try:
        order = Order.read(sys.stdin.buffer.readline())
        learner = RedisLearner(order.address, order.config, interval_s=order.interval_s)
    except BadInputError as error:
        _log.error("%s", error)  # the message says it all
        return HOPELESS
    threading.Thread(target=_wait_for_end, args=(stop,), daemon=True).start()
    try:
        learner.run(stop)
    except MissingRiverError as error:
        _log.error("%s", error)  # as above
        return HOPELESS
    finally:
        learner.close()
    return 0


def _wait_for_end(stop: threading.Event) -> None:
    sys.stdin.buffer.readline()
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
