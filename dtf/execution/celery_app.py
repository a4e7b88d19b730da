"""The Celery application."""

import os
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from celery import Celery

from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.memory_store import MemoryStore
from dtf.execution.broker_options import ADMIT_OPTION
from dtf.execution.celery_settings import celery_settings
from dtf.execution.task import SERVED_KEY, SOCKET_KEY, add_tasks
from dtf.execution.worker_setup import WorkerSetup


class DtfCelery(Celery):  # type: ignore[misc]  # Celery has no types
    """Celery with dtf's worker, whose broker is named by dtf's settings alone.

    Attributes:
        broker_url: Finds the broker; called when it is first needed.
        worker_setup: Finds what a worker is told; called by a worker alone.
        admit: Of the queues that a worker consumes those from which it takes a hint now; None: all, always.
    """

    amqp_cls = "dtf.execution.patient_connection:PatientAMQP"
    admit: Callable[[Sequence[str]], Sequence[str]] | None = None
    broker_url: Callable[[], str]
    worker_setup: Callable[[], WorkerSetup]

    @cached_property
    def Worker(self) -> Any:  # noqa: ANN401, N802  # Celery's name
        """The worker that ``celery -A dtf worker`` starts."""
        return self.subclass_with_self("dtf.execution.celery_worker:DtfWorker")

    def connection_for_read(self, url: str | None = None, **options: Any) -> Any:  # noqa: ANN401  # Celery's
        """Connect to dtf's broker, whatever Celery's own environment variables say."""
        if self.admit is not None:
            options["transport_options"] = {**(options.get("transport_options") or {}), ADMIT_OPTION: self.admit}
        return super().connection_for_read(url or self.conf.dtf_broker_url, **options)

    def connection_for_write(self, url: str | None = None, **options: Any) -> Any:  # noqa: ANN401  # Celery's
        """Connect to dtf's broker, whatever Celery's own environment variables say."""
        return super().connection_for_write(url or self.conf.dtf_broker_url, **options)


def make_app(
    broker_url: Callable[[], str], worker: Callable[[], WorkerSetup], *, breakers: Callable[[], Breakers] | None = None
) -> DtfCelery:
    """Make the application. Nothing is asked before its configuration is first read.

    Args:
        broker_url: Finds the broker.
        worker: Finds what a worker is told.
        breakers: Makes the circuit breakers of a process; None: there are none.
    """
    app = DtfCelery("dtf", set_as_current=False)
    app.broker_url = broker_url
    app.worker_setup = worker
    app.add_defaults(lambda: _settings(broker_url()))
    app.steps["worker"].add("dtf.execution.worker_step:GuardianStep")
    add_tasks(app, open_breakers=OwnBreakers(breakers or _no_breakers), connect=lambda socket: worker().connect(socket))
    return app


class OwnBreakers:
    """Gives each process breakers of its own: what was opened before a fork is the parent's.

    Args:
        make: Makes those of a process.
    """

    def __init__(self, make: Callable[[], Breakers]) -> None:
        self._make = make
        self._made: tuple[int, Breakers] | None = None

    def __call__(self) -> Breakers:
        """This process's."""
        if self._made is None or self._made[0] != os.getpid():
            self._made = os.getpid(), self._make()
        return self._made[1]


def _no_breakers() -> Breakers:
    return Breakers(MemoryStore(), BreakerConfig(policy=BreakerPolicy.OFF))


def _settings(url: str) -> dict[str, Any]:
    return {**celery_settings(url), "dtf_broker_url": url, SOCKET_KEY: "", SERVED_KEY: ()}
