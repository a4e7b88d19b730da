"""The real dashboard on a free port of the loopback device, for tests over HTTP."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from dtf.bootstrap.ledger import Ledger
from dtf.bootstrap.monitoring import Laboratory
from dtf.dashboard.application import Dashboard
from dtf.dashboard.cluster_link import link
from dtf.dashboard.options import DashboardOptions
from dtf.execution.celery_settings import celery_settings
from dtf.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the dashboard answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def value(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(slots=True, kw_only=True)
class Served:
    """A dashboard that serves.

    Attributes:
        port: Where it listens.
        ledger: What it shows.
        laboratory: The same, with the breakers.
        application: The dashboard's; it is used in its own loop alone.
    """

    port: int
    ledger: Ledger
    laboratory: Laboratory
    application: Any = field(repr=False, default=None)

    def ask(
        self, path: str, method: str = "GET", *, value: object = None, body: bytes | None = None, **headers: str
    ) -> Answer:
        """Send a request and return the answer; headers with ``_`` for ``-``."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        if value is not None:
            body, named = json.dumps(value).encode(), {"Content-Type": "application/json", **named}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=named)
            answer = connection.getresponse()
            return Answer(status=answer.status, headers=dict(answer.getheaders()), body=answer.read())
        finally:
            connection.close()

    def until(self, path: str, status: int = 200) -> Answer:
        """Ask until the status comes: what is looked at once a second is not there at once."""
        deadline = time.monotonic() + 30
        while True:
            answer = self.ask(path)
            if answer.status == status:
                return answer
            assert time.monotonic() < deadline, answer
            time.sleep(0.05)


@contextmanager
def serving(settings: Settings, ledger: Ledger, **options: Any) -> Iterator[Served]:
    """Serve until the block ends.

    Args:
        settings: dtf's.
        ledger: What is shown; it stays open.
        options: Of the dashboard's start.
    """
    laboratory = Laboratory(settings, ledger)
    # breakers that are kept in this process are those of no cluster that Celery could reach
    broker = laboratory.broker if settings.broker_url != "memory://" else (lambda: None)
    started = threading.Event()
    found: dict[str, Any] = {}

    def serve() -> None:
        asyncio.set_event_loop(asyncio.new_event_loop())
        application = Dashboard(DashboardOptions(port=0, **options), link(broker, celery_settings), laboratory)
        found["application"], found["port"] = application, application.start_http_server()
        started.set()
        application.start()
        _close(application.io_loop)

    thread = threading.Thread(target=serve, name="dashboard")
    thread.start()
    assert started.wait(60), "the dashboard did not start"
    application = found["application"]
    try:
        yield Served(port=found["port"], ledger=ledger, laboratory=laboratory, application=application)
    finally:
        application.io_loop.add_callback(application.stop)
        thread.join(60)
        laboratory.close()


def _close(io_loop: Any) -> None:
    """End what still runs in a loop, and close all that it has open: a process of tests has many of them."""
    loop = io_loop.asyncio_loop
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    io_loop.close(all_fds=True)


def embedded(state_dir: Path) -> Settings:
    """The settings of a state directory in which no cluster runs."""
    return Settings(state_dir=state_dir)
