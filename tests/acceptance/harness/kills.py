"""Kills one process of a role during a run."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psutil

from tests.acceptance.harness.place import Done, Place, Started, until

#: What is killed, each alone, while a run must end with its counts.
KILLED = ("worker", "pool child", "guardian", "runner", "broker", "coordinator")

#: How long a disturbed run may take in all, in seconds.
_LONGEST_S = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of a run in which a process was killed.

    Attributes:
        killed: The process id; 0: there was no such process before the run ended.
        run: The run.
        audit: What ``dtf audit --json`` says afterwards; empty when the command could not tell its run.
    """

    killed: int
    run: Done
    audit: dict[str, Any] = field(default_factory=dict)


def killed_run(place: Place, command: Started, role: str, moment: Callable[[], bool]) -> Told:
    """Wait for the moment, kill one process of the role (``command``: the command itself), and wait for the end."""
    until(lambda: moment() or not command.running, _LONGEST_S)
    killed = _kill_one(place, command, role)
    run = command.wait(_LONGEST_S)
    audit = place.dtf("audit", run.answer["run_id"], "--json").answer if run.out.strip() else {}
    return Told(killed=killed, run=run, audit=audit)


def _kill_one(place: Place, command: Started, role: str) -> int:
    """Kill one process of the role, as soon as there is one."""
    victims: list[psutil.Process] = []

    def found() -> bool:
        victims[:] = [psutil.Process(command.pid)] if role == "command" else place.processes().of(role)
        return bool(victims) or not command.running

    until(found, 60, every_s=0.01)
    if not victims or not command.running:
        return 0
    victim = random.choice(victims)
    victim.kill()
    return victim.pid
