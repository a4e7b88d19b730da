"""What a circuit breaker costs a call, in microseconds, beside a bare PING of the same server.

Run ``python -m benchmarks.breaker_cost`` from the repository's root. It starts a
valkey-server of its own on this machine, reached over loopback TCP by one client in one process. The steps take turns,
a batch of each in every round, so that what else the machine does hits them alike. A figure is the median of all single
calls, with the quartiles of the rounds' medians and the 95th percentile of all calls: these are mostly the machine's.
What takes less than the clock's own resolution is timed a hundred calls at a time.
"""

import argparse
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import redis

from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerConfig
from dtf.breakers.memory_store import MemoryStore
from dtf.breakers.permit import Permit
from dtf.breakers.store import BreakerStore
from dtf.breakers.stores import open_store
from dtf.domain.breaker import Sign, Target
from tests.support.breaker_gate import make_half_open, params_of
from tests.support.valkey import running_valkey

CLOSED, HALF_OPEN = Target(hardware="cuda", name="GPU-1"), Target(hardware="cuda", name="GPU-2")
SETTINGS = {"policy": "constants"}
IN_PROCESS = "check, closed, in process"

#: What the product promises, in microseconds.
IN_PROCESS_US, SHARED_US = 2.0, 100.0


@contextmanager
def steps() -> Iterator[dict[str, Callable[[], object]]]:
    """What is measured, by name, over a running server."""
    with tempfile.TemporaryDirectory() as folder, running_valkey(Path(folder)) as valkey, valkey.client as client:
        store = open_store(valkey.url, BreakerConfig.of(SETTINGS))
        yield _steps(store, client)
        store.close()


def _steps(store: BreakerStore, client: redis.Redis) -> dict[str, Callable[[], object]]:
    trusting = Breakers(store, BreakerConfig.of({**SETTINGS, "copy_s": 10}))
    asking = Breakers(store, BreakerConfig.of({**SETTINGS, "copy_s": 0.0}))
    alone = Breakers(MemoryStore(), BreakerConfig.of({**SETTINGS, "copy_s": 10}))
    params = params_of(1)
    make_half_open(store, HALF_OPEN, params)
    store.ask(HALF_OPEN, params, permit="another's")

    def use(breakers: Breakers) -> None:
        permit = breakers.acquire((CLOSED,))
        if isinstance(permit, Permit):  # always
            breakers.record(permit, Sign.WORKED, group="suite", duration_s=1.5)

    targets = (CLOSED,)
    return {
        IN_PROCESS: lambda: trusting.acquire(targets),
        "check and record, memory store": lambda: use(alone),
        "bare PING": client.ping,
        "check, closed, in Redis": lambda: asking.acquire(targets),
        "check, half-open, in Redis": lambda: store.ask(HALF_OPEN, params, permit="mine"),
        "check in process, record in Redis": lambda: use(trusting),
        "check and record, both in Redis": lambda: use(asking),
    }


def measure(rounds: int, batch: int) -> dict[str, list[list[float]]]:
    """Each call's microseconds, by step and round."""
    taken: dict[str, list[list[float]]] = {}
    with steps() as known:
        for number in range(rounds + 1):
            for name, step in known.items():
                calls = [_call_us(step, 100 if name == IN_PROCESS else 1) for _ in range(batch)]
                if number:  # the first round warms up
                    taken.setdefault(name, []).append(calls)
    return taken


def _call_us(step: Callable[[], object], count: int) -> float:
    begun = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - begun) / count * 1e6


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30, help="how many batches of each step")
    parser.add_argument("--batch", type=int, default=200, help="how many calls are a batch")
    given = parser.parse_args()
    taken = measure(given.rounds, given.batch)
    print(f"Python {platform.python_version()}, redis-py {redis.__version__}, {platform.machine()}, us per call")
    print(f"{'':36}{'median':>8}{'quartiles':>18}{'95 %':>9}{'over PING':>11}")
    ping = statistics.median(chain.from_iterable(taken["bare PING"]))
    for name, found in taken.items():
        calls = list(chain.from_iterable(found))
        middle, most = statistics.median(calls), statistics.quantiles(calls, n=20)[-1]
        low, _, high = statistics.quantiles([statistics.median(one) for one in found], n=4)
        over = f"{middle - ping:+11.1f}" if "Redis" in name else ""
        print(f"{name:36}{middle:8.2f}{low:10.2f}{high:8.2f}{most:9.1f}{over}")
    print(f"promised: a closed breaker in process {IN_PROCESS_US:g}, a shared check and record {SHARED_US:g} at most")


if __name__ == "__main__":
    main()
