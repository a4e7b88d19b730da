"""Celery's worker with dtf's choices: queues by devices, a safe broker, no gossip."""

import logging
from typing import TYPE_CHECKING, Any

from celery.apps.worker import Worker

from dtf.domain.errors import BrokerUnavailableError, DtfError
from dtf.execution.detect import detect_devices
from dtf.execution.probes import cpu
from dtf.execution.task import SERVED_KEY
from dtf.scheduling.route import default_slots, serviceable, split_queues

if TYPE_CHECKING:
    from dtf.execution.worker_setup import WorkerSetup

_log = logging.getLogger(__name__)


class DtfWorker(Worker):  # type: ignore[misc]  # Celery has no types
    """What ``celery -A dtf worker`` and ``dtf worker`` start.

    Attributes:
        setup: What it was told.
        devices: What it found.
        served: The queues that it consumes and has a device for.
        unserved: Those that it only consumes; their hints it puts back.
        guardian: The bootstep that keeps the guardian; None before it is there.
    """

    guardian: Any = None

    def __init__(self, app: Any = None, hostname: str | None = None, **options: Any) -> None:  # noqa: ANN401  # Celery's
        app = app or self.app
        self.setup: WorkerSetup = app.worker_setup()
        try:
            self._check_broker(app.broker_url())
            self.devices = detect_devices(simulate=self.setup.simulate, visible_cuda=self.setup.visible_cuda)
        except DtfError as error:
            raise SystemExit(f"dtf: {error}") from error
        if options.get("pool_start_method") == "spawn":
            raise SystemExit("dtf: pool children are forked: they inherit the guardian's address")
        excluded = options.get("exclude_queues") or ()
        queues = options.get("queues") or [q for q in serviceable(self.devices) if q not in excluded]
        self.served, self.unserved = split_queues(queues, self.devices)
        app.conf[SERVED_KEY] = list(self.served)
        options["queues"] = list(queues)
        options["concurrency"] = options.get("concurrency") or default_slots(queues, self.devices, cpu.usable_cores())
        # they only tell workers of each other, wait a second at the start and leave reply queues behind
        super().__init__(app, hostname, **{**options, "without_mingle": True, "without_gossip": True})

    def _check_broker(self, url: str) -> None:
        try:
            self.setup.check_broker(url)
        except BrokerUnavailableError as error:
            # it may come up later; each new connection is checked again
            _log.warning("%s", error)

    def on_start(self) -> None:
        """Say what no device here can serve."""
        super().on_start()
        for queue in self.unserved:
            _log.warning("no device here serves the queue %s: nothing from it will run on this worker", queue)

    def extra_info(self) -> str:
        """What follows Celery's banner: the devices."""
        lines = ["[devices]"]
        for device in self.devices:
            marks = [device.state.value] if device.reason else []
            marks += ["simulated"] if device.simulated else []
            note = f" ({', '.join([*marks, *filter(None, [device.reason])])})" if marks else ""
            lines.append(f".> {device.kind:<16} {device.name}{note}")
        lines += [f".> {queue:<16} no device here serves the queue {queue}" for queue in self.unserved]
        return "\n".join(["", *lines, ""]) + (super().extra_info() or "")

    def start(self) -> None:
        """Run until told to stop, then end the guardian, whichever way it came to that."""
        try:
            super().start()
        finally:
            if self.guardian is not None:
                self.guardian.end()
