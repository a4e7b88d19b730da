"""A directory, an environment and a state directory of a test's own."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.acceptance.harness.processes import Seen, role_of, seen_with

DTF = str(Path(sys.executable).with_name("dtf"))
CELERY = str(Path(sys.executable).with_name("celery"))

#: A variable that every process below the command inherits, the broker and the tests' own included.
TOKEN_VARIABLE = "LC_DTF_ACCEPTANCE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command that ended did.

    Attributes:
        status: Its exit status.
        out: Its standard output.
        err: Its standard error.
        wall_s: How long it took, in seconds.
    """

    status: int
    out: str
    err: str
    wall_s: float

    @property
    def answer(self) -> Any:  # JSON has no narrower type
        """The last line of its standard output, as JSON."""
        assert self.out.strip(), f"nothing on standard output (exit {self.status}): {self.err[-3000:]}"
        return json.loads(self.out.strip().splitlines()[-1])


class Started:
    """A command that runs."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, err: Path) -> None:
        self.process = process
        self.pid = process.pid
        self._out, self._err = out, err
        self._begun = time.monotonic()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    @property
    def said(self) -> str:
        """Everything that it wrote so far."""
        return self._out.read_text(errors="replace") + self._err.read_text(errors="replace")

    def wait(self, timeout_s: float) -> Done:
        """Wait for its end."""
        try:
            status = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout_s:g} s; it said:\n{self.said[-4000:]}") from None
        texts = (self._out.read_text(errors="replace"), self._err.read_text(errors="replace"))
        return Done(status=status, out=texts[0], err=texts[1], wall_s=time.monotonic() - self._begun)


class Place:
    """Where one test works.

    Attributes:
        directory: A directory of its own.
        state: The state directory.
        environment: The environment of the commands.
    """

    def __init__(self, directory: Path, **settings: str) -> None:
        self.directory = directory
        self.state = directory / "state"
        self.token = secrets.token_hex(8)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("DTF_", "PYTEST_", "COVERAGE_"))}
        self.environment = kept | {"DTF_STATE_DIR": str(self.state), TOKEN_VARIABLE: self.token} | settings
        self._commands: list[Started] = []

    def dtf(self, *arguments: str, timeout_s: float = 120, cwd: Path | None = None) -> Done:
        """Run a dtf command to its end."""
        return self.start(DTF, *arguments, cwd=cwd).wait(timeout_s)

    def start(self, *argv: str, cwd: Path | None = None, extra: Mapping[str, str] | None = None) -> Started:
        """Start a program."""
        number = len(self._commands)
        out, err = (self.directory / f"{number}.{name}" for name in ("out", "err"))
        with out.open("wb") as sink, err.open("wb") as errors:
            environment = self.environment | dict(extra or {})
            process = subprocess.Popen(
                argv,
                cwd=cwd or self.directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=errors,
                start_new_session=True,
            )
        self._commands.append(Started(process, out, err))
        return self._commands[-1]

    def processes(self) -> Seen:
        """Every process that was started here, directly or not."""
        return seen_with(f"{TOKEN_VARIABLE}={self.token}", self.directory)

    def assert_nothing_left(self, within_s: float = 60) -> None:
        """Fail unless every process that was started here is gone."""
        if not until(lambda: not self.processes().all, within_s):
            raise AssertionError(f"left after {within_s:g} s: " + "; ".join(self.processes().lines()))

    def assert_no_stray_tests(self, within_s: float = 60) -> None:
        """Fail unless every process left here is one of the cluster's own, or a command that a test started."""
        if not until(lambda: not self._strays(), within_s):
            raise AssertionError("strays: " + ", ".join(self._strays()) + "\n" + "\n".join(self.processes().lines()))

    def _strays(self) -> list[str]:
        own = {command.pid for command in self._commands}
        seen = self.processes().all
        return [str(p.pid) for p in seen if not role_of(p) and p.pid not in own]

    def kill_all(self) -> None:
        """End what is left, at a test's end."""
        for _ in range(300):
            seen = self.processes().all
            for process in seen:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            if not seen:
                break
            time.sleep(0.1)
        for command in self._commands:
            command.process.wait(60)


def until(condition: Callable[[], object], within_s: float, every_s: float = 0.05) -> bool:
    """Wait for a condition; return whether it came to hold."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_s)
    return True


def tally(cases: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Outcome by node id, from the cases of a report."""
    return {case["nodeid"]: case["outcome"] for case in cases}
