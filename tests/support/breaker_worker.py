"""A real worker of the plain Celery application in ``tests.support.breaker_app``."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from celery import Celery

from tests.support.celery_worker import ROOT, wait_for
from tests.support.valkey import Valkey


class BreakerWorker:
    """The worker's process, and a client's application that sends to it by name alone.

    Attributes:
        valkey: The broker, the result backend and the breakers' store.
        app: Sends tasks; it has none of its own.
    """

    def __init__(self, directory: Path, valkey: Valkey, *options: str) -> None:
        self.valkey = valkey
        self.app = Celery("client", broker=valkey.url, backend=valkey.url, set_as_current=False)
        self._output_file = directory / "worker.log"
        argv = [sys.executable, "-m", "celery", "-A", "tests.support.breaker_app", "worker", "-l", "INFO", "-c", "4"]
        self._argv = [*argv, "--without-mingle", "--without-gossip", *options]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        environment = {**os.environ, "BREAKER_APP_URL": self.valkey.url}
        with self._output_file.open("wb") as output:
            self._process = subprocess.Popen(
                self._argv, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        wait_for(lambda: " ready." in self.output(), self.output, 60)

    @property
    def pid(self) -> int:
        """Its main process."""
        assert self._process is not None
        return self._process.pid

    def output(self) -> str:
        """All that it said."""
        return self._output_file.read_text(errors="replace") if self._output_file.exists() else ""

    def end(self) -> None:
        """End it, whatever it does."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self.app.close()

    def send(self, task: str, *args: Any, **options: Any) -> Any:
        """Send a task by its name."""
        return self.app.send_task(task, args=args, **options)

    def noted(self, key: str) -> list[str]:
        """What the worker noted under a key."""
        with self.valkey.client as client:
            return [str(item.decode()) for item in client.lrange(f"noted:{key}", 0, -1)]

    def wait_noted(self, key: str, count: int = 1) -> list[str]:
        """The same, once there are so many."""
        wait_for(lambda: len(self.noted(key)) >= count, self.output)
        return self.noted(key)
