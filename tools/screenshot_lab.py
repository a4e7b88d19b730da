"""A small laboratory that works: what the pictures of the dashboard show."""

import json
import os
import subprocess
import sys
import textwrap
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dtf.bootstrap.ledger import ledger_at

ROOT = Path(__file__).resolve().parent.parent

#: So long a command of the laboratory's may take to say that it is there, or to end, in seconds.
_PATIENCE_S = 300.0

_SUITE = textwrap.dedent("""
    import math
    import random
    import time

    import pytest

    def softmax(values):
        powers = [math.exp(value - max(values)) for value in values]
        return [power / sum(powers) for power in powers]

    @pytest.mark.parametrize("size", [4, 16, 64, 256])
    @pytest.mark.parametrize("heads", [1, 2, 4])
    def test_weights_sum_to_one(size, heads):
        time.sleep({seconds})
        draw = random.Random(size * heads)
        for _ in range(heads):
            assert math.isclose(sum(softmax([draw.gauss(0, 1) for _ in range(size)])), 1.0)

    def test_half_precision_agrees(record_property):
        record_property("operator", "Softmax")
        rounded = [round(value, 2) for value in softmax([number / 10 for number in range(7)])]
        error = abs(sum(rounded) - 1.0)
        print("rounded weights:", rounded)
        assert error <= 1e-4, f"the weights sum up to 1 with an error of {{error:.1e}}; 1e-4 is allowed"

    @pytest.mark.skip(reason="needs a mask of four dimensions")
    def test_masked():
        pass
    """)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A laboratory that works.

    Attributes:
        base: The dashboard's address, without the last slash.
        run_id: A run with failures.
        job_id: A job that waits.
        worker_id: One of the workers.
    """

    base: str
    run_id: str
    job_id: str
    worker_id: str


class _Commands:
    """Runs dtf's commands with a state directory of their own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        own = {"DTF_STATE_DIR": str(directory / "state"), "PYTHONPATH": str(ROOT)}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DTF_")}
        self._environment = kept | own
        self._started: list[subprocess.Popen[str]] = []
        # a job's page names the interpreter: where the checkout is says nothing to those who see the pictures
        (directory / "venv").symlink_to(sys.prefix)
        self._dtf = (str(directory / "venv" / "bin" / "python"), "-m", "dtf")

    def start(self, *arguments: str, until: str) -> str:
        """Start one that stays; the line in which it says that it is there."""
        argv = [*self._dtf, *arguments]
        process = subprocess.Popen(
            argv, cwd=self.directory, env=self._environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._started.append(process)
        # one that never says it is ended, and then there is no further line
        timer = threading.Timer(_PATIENCE_S, process.kill)
        timer.start()
        said = process.stdout or ()
        line = next((line for line in said if until in line), "")
        timer.cancel()
        if not line:
            raise SystemExit(f"dtf {' '.join(arguments)} did not say {until!r}")
        threading.Thread(target=lambda: deque(said, maxlen=0), daemon=True).start()
        return line

    def run(self, *arguments: str) -> Any:  # noqa: ANN401  # JSON
        """Run one to its end; the line of JSON with which it ends."""
        argv = [*self._dtf, *arguments, "--json"]
        done = subprocess.run(
            argv,
            cwd=self.directory,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
        if not done.stdout.strip():
            raise SystemExit(f"dtf {' '.join(arguments)} exits with {done.returncode}: {done.stderr}")
        return json.loads(done.stdout.strip().splitlines()[-1])

    def submit(self, *tasks: dict[str, Any], name: str) -> None:
        """Queue tasks as one run."""
        file = self.directory / "tasks.json"
        file.write_text(json.dumps(tasks))
        self.run("submit", "--task-file", str(file), "--name", name)

    def end(self) -> None:
        """End what was started, the last first."""
        for process in reversed(self._started):
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def laboratory(directory: Path) -> Iterator[Lab]:
    """Have one at work in an empty directory until the block ends."""
    commands = _Commands(directory)
    try:
        commands.start("up", "--workers", "3", until="is up:")
        said = commands.start("dashboard", "--port", "0", until="dashboard: http")
        yield _filled(commands, said.split()[-1].rstrip("/"))
    finally:
        commands.end()


def _filled(commands: _Commands, base: str) -> Lab:
    """Have all kinds of things happen, and leave some of them under way."""
    suites = {"attention": 0.05, "attention_long": 20.0}
    for name, seconds in suites.items():
        path = commands.directory / name
        path.mkdir()
        (path / "test_softmax.py").write_text(_SUITE.format(seconds=seconds))
    told = commands.run("workers")["workers"]
    commands.run(
        "run", str(ROOT / "examples/onnx_conformance"), "-k", "softmax or relu", "--name", "operators, nightly"
    )
    commands.run("submit", "--generate", "benchmark", "--model", "mlp", "--model", "cnn", "--batch-sizes", "1,8",
                 "--iterations", "20", "--name", "models, weekly", "--wait")  # fmt: skip
    killed = "test -e once || { touch once; kill -9 $$; }"
    commands.submit(
        {"type": "command", "name": "export the weights", "config": {"argv": ["sh", "-c", killed]}},
        {"type": "command", "name": "convert", "config": {"argv": ["sleep", "4"]}, "inject": "timeout mild"},
        name="exports",
    )
    commands.run("breakers", "open", f"cpu/{told[-1]['name']}", "--reason", "a new kernel is being installed")
    done = commands.run("run", str(commands.directory / "attention"), "--name", "attention, main")
    commands.submit(
        {"type": "test", "name": "attention on a GPU", "priority": 8,
         "config": {"test_file": str(commands.directory / "attention"), "hardware_requirements": {"hardware": "cuda"}}},
        {"type": "test", "name": "attention, long sequences",
         "config": {"test_file": str(commands.directory / "attention_long")}},
        {"type": "test", "name": "attention, once more", "priority": 3,
         "config": {"test_file": str(commands.directory / "attention_long")}},
        name="attention, branch long-sequences",
    )  # fmt: skip
    return Lab(
        base=base,
        run_id=done["run_id"],
        job_id=_waiting_job(commands),
        worker_id=told[0]["worker_id"],
    )


def _waiting_job(commands: _Commands) -> str:
    ledger = ledger_at(f"sqlite:///{(commands.directory / 'state').resolve() / 'ledger.sqlite3'}")
    try:
        (run, *_) = ledger.views.runs(active_only=True)
        (job, *_) = [one for one in ledger.views.jobs(run.run_id) if one.spec.hardware == "cuda"]
        return job.job_id
    finally:
        ledger.close()
