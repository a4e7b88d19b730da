"""pytest-celery's nodes over local processes in place of containers.

pytest-celery asks of a container what a process can do too: its status, its log, kill and restart. So its nodes,
and what is written against them, run without a container engine.
"""

import signal as signals
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytest_celery.api.base import CeleryTestNode

from tests.support.celery_worker import CeleryWorker
from tests.support.valkey import Valkey


class ProcessContainer:
    """What pytest-celery's nodes ask of a container, answered by a process."""

    def __init__(self, name: str, *, start: Callable[[], None], end: Callable[[], None]) -> None:
        self.name = name
        self.id = name.ljust(12, "0")
        self.status = "created"
        self._start = start
        self._end = end

    def start(self) -> None:
        self._start()
        self.status = "running"

    def kill(self, signal: str | int = "SIGKILL") -> None:
        self.send(signals.Signals[signal] if isinstance(signal, str) else signals.Signals(signal))
        self.status = "exited"

    def restart(self, timeout: int = 10) -> None:  # noqa: ARG002  # the container's signature
        if self.status == "running":
            self._end()
        self.start()

    def reload(self) -> None:
        """A process has no state to fetch."""

    def teardown(self) -> None:
        self._end()
        self.status = "exited"

    def send(self, number: signals.Signals) -> None:
        raise NotImplementedError

    def ready(self) -> bool:
        raise NotImplementedError

    def logs(self) -> str:
        raise NotImplementedError


class BrokerContainer(ProcessContainer):
    """A valkey-server."""

    def __init__(self, server: Valkey) -> None:
        super().__init__("broker", start=server.start, end=server.kill)
        self.server = server

    @property
    def celeryconfig(self) -> dict[str, Any]:
        return {"url": self.server.url, "host_url": self.server.url}

    def send(self, number: signals.Signals) -> None:
        assert number is signals.SIGKILL
        self.server.kill()

    def ready(self) -> bool:
        with self.server.client as client:
            return bool(client.ping())

    def logs(self) -> str:
        return ""


class WorkerContainer(ProcessContainer):
    """A ``celery worker``."""

    def __init__(self, name: str, directory: Path, broker: BrokerContainer, *options: str) -> None:
        directory.mkdir()
        self.worker = CeleryWorker(directory, broker.server.url, "-n", f"{name}@%h", *options)
        super().__init__(name, start=self._start_and_count, end=self.worker.end)
        self._starts = 0

    def _start_and_count(self) -> None:
        self.worker.start()
        self._starts += 1

    def send(self, number: signals.Signals) -> None:
        self.worker.signal(number)
        self.worker.wait()

    def ready(self) -> bool:
        self.worker.ready(self._starts)
        return True

    def logs(self) -> str:
        return self.worker.output()


def nodes(*containers: ProcessContainer) -> list[CeleryTestNode]:
    """Start containers' processes side by side, and give pytest-celery's node for each when it is ready."""
    made = [CeleryTestNode(container) for container in containers]
    for one in made:
        one.container.start()
    deadline = time.monotonic() + 60
    for one in made:
        while not one.ready():
            assert time.monotonic() < deadline, one.logs()
    return made
