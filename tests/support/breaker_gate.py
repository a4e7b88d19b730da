"""Many processes that ask one breaker at the same moment: `python -m tests.support.breaker_gate URL` is one of them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dtf.breakers.store import BreakerStore
from dtf.breakers.stores import open_store
from dtf.domain.breaker import BreakerState, Sign, Target
from dtf.resilience.breaker import Answer, Evidence
from dtf.resilience.breaker_params import BreakerParams
from dtf.resilience.likelihood import Rates, likelihood

#: A failing service takes about so many failures to open; none needs more.
_ENOUGH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What came of all processes asking once.

    Attributes:
        permitted: How many probes there may be.
        granted: How many processes got leave.
        kept: How many permits the breaker knows of.
    """

    permitted: int
    granted: int
    kept: int


@contextmanager
def crowd(url: str, count: int) -> Iterator["Crowd"]:
    """So many processes, each with a connection of its own; they end with the block."""
    argv = (sys.executable, "-m", "tests.support.breaker_gate", url)
    processes = [
        subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        for _ in range(count)
    ]
    try:
        gathered = Crowd(url, processes)
        yield gathered
        gathered.store.close()
    finally:
        for process in processes:
            process.kill()
            process.communicate()


class Crowd:
    """Processes that wait for their word.

    Args:
        url: The server.
        processes: What runs ``main``.
    """

    def __init__(self, url: str, processes: "list[subprocess.Popen[str]]") -> None:
        self.store = open_store(url)
        self._processes = processes
        for process in processes:
            assert self._line(process) == "ready"

    def ask(self, number: int, probes: int) -> Round:
        """Make a breaker half-open and have all of them ask it at once."""
        target, params = target_of(number), params_of(probes)
        make_half_open(self.store, target, params)
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write(f"{number} {probes}\n")
        answers = [self._line(process) for process in self._processes]
        record = self.store.read(target)
        assert record is not None
        assert record.state is BreakerState.HALF_OPEN
        granted = sum(answer != Answer.REFUSED.value for answer in answers)
        return Round(permitted=probes, granted=granted, kept=len(record.permits))

    def _line(self, process: "subprocess.Popen[str]") -> str:
        assert process.stdout is not None
        return process.stdout.readline().strip()


def target_of(number: int) -> Target:
    """Each round has a breaker of its own."""
    return Target(hardware="cuda", name=f"GPU-{number}")


def params_of(probes: int) -> BreakerParams:
    """Real work probes, and nothing closes the breaker but very many successes."""
    return BreakerParams(probes=probes, canary=False, probe_every_s=1e-6, close_at=1e-9, passes_to_close=1000)


def make_half_open(store: BreakerStore, target: Target, params: BreakerParams) -> None:
    """Open a breaker by failures and let one probe succeed."""
    infra, worked = likelihood(Sign.INFRA, Rates()), likelihood(Sign.WORKED, Rates())
    for _ in range(_ENOUGH):
        change = store.observe(target, params, Evidence(sign=Sign.INFRA, likelihood=infra, epoch=0))
        if change.record.state is BreakerState.OPEN:
            break
    gate = store.ask(target, params, permit="first")
    assert gate.answer is Answer.PROBE
    first = Evidence(sign=Sign.WORKED, likelihood=worked, epoch=gate.epoch, permit="first")
    assert store.observe(target, params, first).record.state is BreakerState.HALF_OPEN


def main() -> None:
    """Ask once for each line, and say what the answer was."""
    store = open_store(sys.argv[1])
    store.now()  # it is connected
    say("ready")
    for line in sys.stdin:
        number, probes = (int(word) for word in line.split())
        gate = store.ask(target_of(number), params_of(probes), permit=f"process {os.getpid()}")
        say(gate.answer.value)


def say(word: str) -> None:
    """A line to the process that started this one."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
