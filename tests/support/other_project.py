"""Another project's Celery application in a directory of its own, and ``dtf learn`` beside it: real processes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.celery_worker import wait_for
from tests.support.valkey import Valkey

MODULE = """
import os
from celery import Celery
from dtf.breakers import CircuitBreakerTask

app = Celery("shop", broker=os.environ["SHOP_REDIS"])
app.conf.update(task_ignore_result=True, breaker_learned_every_s=0.1)
if "SHOP_LEARNS" in os.environ:
    app.steps["worker"].add("dtf.breakers.learner_step:LearnerStep")

@app.task(base=CircuitBreakerTask, breaker="warehouse")
def reserve(number, away=False):
    if away:
        raise ConnectionError("the warehouse is away")

@app.task(base=CircuitBreakerTask, breaker="payments")
def pay(number):
    if number % 5 == 0:
        raise ConnectionError("payments are away now and then")
"""


class OtherProject:
    """Its worker, its learner, and what they say.

    Attributes:
        valkey: Its broker, where its breakers are too.
    """

    def __init__(self, directory: Path, valkey: Valkey) -> None:
        self.valkey = valkey
        self._directory = directory
        (directory / "shop.py").write_text(MODULE)
        kept = {key: value for key, value in os.environ.items() if not key.startswith("DTF_")}
        self._environment = {**kept, "SHOP_REDIS": valkey.url, "DTF_STATE_DIR": str(directory / "state")}
        self._processes: list[subprocess.Popen[bytes]] = []

    def start_worker(self, name: str, **environment: str) -> "subprocess.Popen[bytes]":
        """Start a worker, ready when it is returned; ``SHOP_LEARNS`` gives it a learner."""
        options = ("-c", "2", "-n", f"{name}@here", "--without-mingle", "--without-gossip", "-l", "INFO")
        process = self._run(name, "-m", "celery", "-A", "shop", "worker", *options, **environment)
        wait_for(lambda: " ready." in self.said(name), lambda: self.said(name), 60)
        return process

    def start_learner(self) -> "subprocess.Popen[bytes]":
        """Start ``dtf learn``."""
        return self._run("learner", "-m", "dtf", "learn", "--broker", self.valkey.url, "--interval", "0.5", "--json")

    def call(self, code: str) -> None:
        """Have a client of the project run some lines."""
        argv = [sys.executable, "-c", f"import shop\n{code}"]
        subprocess.run(argv, cwd=self._directory, env=self._environment, check=True)

    def thresholds(self) -> dict[str, Any]:
        """What ``dtf learn --once --json`` says of each target."""
        argv = [sys.executable, "-m", "dtf", "learn", "--broker", self.valkey.url, "--once", "--json"]
        done = subprocess.run(argv, cwd=self._directory, env=self._environment, capture_output=True, check=True)
        return {one["target"]: one for one in json.loads(done.stdout)["thresholds"]}

    def said(self, name: str) -> str:
        """All that a process said."""
        return (self._directory / f"{name}.log").read_text(errors="replace")

    @staticmethod
    def learner_processes(worker: int) -> list[int]:
        """The processes of the bootstep that are children of a worker."""
        threads = Path(f"/proc/{worker}/task").glob("*/children")
        children = [int(child) for thread in threads for child in thread.read_text().split()]
        return [child for child in children if b"learner_process" in Path(f"/proc/{child}/cmdline").read_bytes()]

    def end(self) -> None:
        """End everything."""
        for process in reversed(self._processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _run(self, name: str, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        with (self._directory / f"{name}.log").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self._directory,
                env={**self._environment, **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._processes.append(process)
        return process
