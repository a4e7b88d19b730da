"""Two kinds of hardware of which one fails now and then: what the breakers of a real cluster learn of them."""

import json
import sys
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.acceptance.harness.place import DTF, Place, until
from tests.acceptance.test_two_terminals import online
from tools.acceptance.cluster import start_cluster

#: The hardware that is well, and the one that is not; the second is simulated, its faults are not.
STEADY, SHAKY = "cpu", "cuda"
#: One job of so many is killed with -9 by somebody who is not dtf, the first time that it runs: a third of the
#: attempts. With a fifth of them a learned breaker takes about four failures, as a fixed one does, and proves nothing.
EVERY = 2
#: So many kinds of jobs there are. Of one kind alone the breakers would take it that it kills itself.
KINDS = 4

_JOB = (
    "import os, sys; m = sys.argv[1]; m and not os.path.exists(m) and (open(m, 'x').close(), os.kill(os.getpid(), 9))"
)


def learning(jobs: int = 100) -> int:
    """Let so many jobs run on each; print what was learned; return how much of it is not as it should be."""
    with ExitStack() as stack:
        directory, place, _ = start_cluster(stack)
        for tag in (STEADY, SHAKY):
            own = {"DTF_STATE_DIR": str(directory / tag), "DTF_SIMULATE_DEVICES": "cuda:1" if tag == SHAKY else ""}
            place.start(DTF, "worker", "-Q", tag, "--concurrency", "1", "--name", tag, extra=own)
        if not until(lambda: online(place) == 2, 60, every_s=0.5):
            print("learning: the workers did not come up")
            return 1
        done = place.dtf("submit", "--task-file", _tasks(directory, jobs), "--wait", "--json", timeout_s=1800)
        print(f"learning: {jobs} jobs on each, one of {EVERY} on {SHAKY} killed once: exit {done.status}")
        until(lambda: all(one["learned"]["evidence"] >= 20 for one in _devices(place).values()), 60, every_s=1.0)
        print(place.dtf("breakers").out)
        return bool(done.status) + _judge(_devices(place))


def _tasks(directory: Path, jobs: int) -> str:
    tasks = []
    for number in range(jobs):
        for tag in (STEADY, SHAKY):
            marker = str(directory / f"killed-{number}") if tag == SHAKY and number % EVERY == EVERY // 2 else ""
            config = {"argv": [sys.executable, "-c", _JOB, marker]}
            where = {"hardware": tag}
            tasks.append(
                {"type": "command", "name": f"job {number % KINDS}", "config": config, "hardware_requirements": where}
            )
    path = directory / "tasks.json"
    path.write_text(json.dumps(tasks))
    return str(path)


def _devices(place: Place) -> dict[str, dict[str, Any]]:
    """The breaker of each kind of hardware that jobs were judged on; the way to a worker has another one."""
    found = place.dtf("breakers", "--json").answer["breakers"]
    return {one["hardware"]: one for one in found if one["hardware"] == STEADY or "simulated" in one["name"]}


def _judge(found: dict[str, dict[str, Any]]) -> int:
    steady, shaky = found[STEADY], found[SHAKY]
    rates = steady["base_rate"], shaky["default_base_rate"], shaky["base_rate"]
    failures = steady["failures_to_open"], shaky["default_failures_to_open"], shaky["failures_to_open"]
    fixed = [one["why_fixed"] for one in (steady, shaky) if one["why_fixed"]]
    claims = {
        f"{STEADY} fails less and {SHAKY} more often than by default: {_in_order(rates)}": rates[0]
        < rates[1]
        < rates[2],
        f"failures that open: {STEADY} fewer, {SHAKY} more than by default: {_in_order(failures)}": None not in failures
        and failures[0] < failures[1] < failures[2],
        f"both decide by what was learned{': '.join(['', *fixed])}": not fixed,
    }
    for claim, holds in claims.items():
        print(f"learning: {'ok' if holds else 'WRONG'}: {claim}")
    return sum(not holds for holds in claims.values())


def _rises(values: tuple[float | None, ...]) -> bool:
    return all(a is not None and b is not None and a < b for a, b in pairwise(values))


def _in_order(values: tuple[float | None, ...]) -> str:
    return " < ".join(f"{value:.3g}" if value is not None else "none" for value in values)
