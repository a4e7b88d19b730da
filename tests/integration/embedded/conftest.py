import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dtf.embedded.client import JoinConfig, join, peek
from dtf.embedded.membership import Membership
from dtf.embedded.processes import holders_of
from dtf.embedded.state_directory import StateDirectory
from dtf.processes.process_table import read_entry
from tests.integration.embedded.standin import join_config

REPO = Path(__file__).resolve().parents[3]


def eventually(fact: Callable[[], Any], within_s: float = 60.0) -> Any:
    """Wait until a fact holds, and give it."""
    deadline = time.monotonic() + within_s
    while not (value := fact()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within_s} s: {fact}")
        time.sleep(0.01)
    return value


@dataclass
class Command:
    """A command in a process of its own that uses the cluster."""

    process: "subprocess.Popen[str]"
    answer: dict[str, Any]

    @property
    def broker(self) -> str:
        return str(self.answer["broker"])

    @property
    def supervisor(self) -> int:
        return int(self.answer["pid"])

    def end(self) -> int:
        """Let it leave, and wait for it."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(60)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(60)


@dataclass
class Place:
    """A state directory with stand-ins for the commands."""

    state: Path
    facts: Path
    processes_begun: "list[subprocess.Popen[str]]" = field(default_factory=list)

    def config(self, **options: str) -> JoinConfig:
        return join_config(self.state, self.facts, options)

    def join(self, **options: str) -> Membership:
        return join(self.config(**options))

    def begin(self, **options: str) -> "subprocess.Popen[str]":
        """Start a command without waiting for it."""
        arguments = [str(self.state), str(self.facts), json.dumps(options)]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.embedded.standin", "user", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=REPO,
        )
        self.processes_begun.append(process)
        return process

    def arrive(self, process: "subprocess.Popen[str]") -> Command:
        """Wait until a command has joined."""
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            assert process.stderr is not None
            pytest.fail(f"the command did not join: {process.stderr.read()}")
        return Command(process, json.loads(line))

    def command(self, **options: str) -> Command:
        return self.arrive(self.begin(**options))

    def fact(self, name: str) -> Path:
        return self.facts / name

    def processes(self) -> list[int]:
        """Everything that belongs to the cluster except the supervisor."""
        return holders_of(StateDirectory(self.state).token)

    def is_deserted(self) -> bool:
        return not self.processes() and peek(self.state) is None


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A place for a cluster; nothing of it may be left when its test ends."""
    facts = tmp_path / "facts"
    facts.mkdir()
    there = Place(tmp_path / "state", facts)
    yield there
    for process in there.processes_begun:
        process.kill()
        process.wait(60)
        for pipe in (process.stdin, process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()
    try:
        eventually(there.is_deserted)
    finally:
        address = peek(there.state)
        for pid in there.processes() + ([address.pid] if address else []):
            os.kill(pid, signal.SIGKILL)


def is_gone(pid: int, ticks: int | None = None) -> bool:
    """Whether a process has ended, waited for or not."""
    entry = read_entry(pid)
    return entry is None or not entry.alive or (ticks is not None and entry.identity.start_ticks != ticks)
