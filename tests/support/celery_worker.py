"""A real ``celery ... worker`` process."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.support.stand_in_app import BROKER_VARIABLE
from tests.support.stand_in_guardian import LOG_VARIABLE

ROOT = Path(__file__).parents[2]

#: How long a test waits for what is to happen, in seconds: a machine may have ten times as much to do as it can.
PATIENCE_S = 60.0


class CeleryWorker:
    """A worker of the application with the stand-in guardian, its output and its guardian's log."""

    def __init__(
        self, directory: Path, broker_url: str, *options: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self.guardian_log = directory / "guardian.jsonl"
        self.output_file = directory / "worker.log"
        self._argv = [
            *(sys.executable, "-m", "celery", "-A", "tests.support.stand_in_app", "worker", "-l", "INFO"),
            *options,
        ]
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("DTF_")},
            "TMPDIR": str(directory),
            BROKER_VARIABLE: broker_url,
            LOG_VARIABLE: str(self.guardian_log),
            **(environment or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; its output is appended to what an earlier one said."""
        with self.output_file.open("ab") as output:
            self.process = subprocess.Popen(
                self._argv, cwd=ROOT, env=self._environment, stdout=output, stderr=subprocess.STDOUT
            )

    @property
    def pid(self) -> int:
        """The main process."""
        assert self.process is not None
        return self.process.pid

    def output(self) -> str:
        """All that it said."""
        return self.output_file.read_text(errors="replace") if self.output_file.exists() else ""

    def ready(self, times: int = 1) -> None:
        """Wait until it said for the n-th time that it is ready."""
        wait_for(lambda: len(re.findall(r"\S+@\S+ ready\.", self.output())) >= times, self.output)

    def events(self, event: str) -> list[dict[str, object]]:
        """What the guardian noted."""
        if not self.guardian_log.exists():
            return []
        lines = [json.loads(line) for line in self.guardian_log.read_text().splitlines() if line.endswith("}")]
        return [line for line in lines if line["event"] == event]

    def answered(self) -> list[str]:
        """The shards that the guardian ran, in order."""
        data = [event["data"] for event in self.events("answered")]
        return [str(item["run"]) for item in data if isinstance(item, dict) and "run" in item]

    def started(self) -> list[dict[str, object]]:
        """The guardians that started, each with its process id and the worker that it was told."""
        return self.events("started")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the main process."""
        os.kill(self.pid, number)

    def wait(self, within_s: float = PATIENCE_S) -> int:
        """Wait for its end."""
        assert self.process is not None
        return self.process.wait(within_s)

    def end(self) -> None:
        """End it at once, whatever it does."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def wait_for(condition: Callable[[], object], tell: Callable[[], object] = str, within_s: float = PATIENCE_S) -> None:
    """Wait until something is so; fail with what ``tell`` says."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s:\n{tell()}"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    """Whether there is such a process, and it is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
