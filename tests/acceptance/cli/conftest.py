"""The real command in a place of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command did.

    Attributes:
        status: Its exit status.
        out: Its standard output.
        err: Its standard error.
    """

    status: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        """The line of JSON, the last on standard output."""
        found: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return found


Dtf = Callable[..., Done]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The directory in which commands run; it holds one test file."""
    (tmp_path / "work" / "tests").mkdir(parents=True)
    (tmp_path / "work" / "tests" / "test_a.py").write_text("def test_a(): pass\n")
    return tmp_path / "work"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment without anything of dtf's but a fresh state directory."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DTF_", "GIT_", "PYTEST_"))}
    return {**kept, "HOME": str(tmp_path), "DTF_STATE_DIR": str(tmp_path / "state")}


@pytest.fixture
def dtf(place: Path, environment: dict[str, str]) -> Dtf:
    """Runs a command to its end, within a minute."""

    def run(*arguments: str, **extra: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "dtf", *arguments],
            cwd=place,
            env={**environment, **extra},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Done(status=done.returncode, out=done.stdout, err=done.stderr)

    return run
