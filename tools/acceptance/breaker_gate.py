"""Sixteen processes that ask one half-open breaker at the same moment, very often."""

import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.support.breaker_gate import crowd
from tests.support.valkey import running_valkey

PROCESSES = 16


def breaker_gate(rounds: int) -> int:
    """Ask over a real server; print how many got leave; return how many rounds were wrong."""
    with tempfile.TemporaryDirectory() as directory, running_valkey(Path(directory)) as valkey:
        began = time.monotonic()
        with crowd(valkey.url, PROCESSES) as processes:
            seen = [processes.ask(number, 1 + number % 3) for number in range(rounds)]
        took_s = time.monotonic() - began
    granted = Counter((one.permitted, one.granted) for one in seen)
    for (permitted, got), count in sorted(granted.items()):
        print(f"breaker: {permitted} probes permitted, {got} of {PROCESSES} processes got leave: {count} rounds")
    wrong = sum(one.granted != one.permitted or one.kept != one.permitted for one in seen)
    print(f"breaker: {rounds} rounds in {took_s:.1f} s, {wrong} wrong")
    return wrong
