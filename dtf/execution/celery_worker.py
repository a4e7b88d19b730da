"""Celery's worker with dtf's choices: queues by devices, slots for them, a safe broker, no gossip."""

import logging
import os
import socket
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from celery.apps.worker import Worker
from celery.utils.nodenames import default_nodename
from celery.worker import state

from dtf.domain.errors import BrokerUnavailableError, DtfError
from dtf.domain.ids import WORKER, new_id
from dtf.domain.marks import marks_of
from dtf.domain.match import capacity
from dtf.domain.queue import base_tag, canonical_queue
from dtf.domain.worker import Device, WorkerInfo
from dtf.execution.detect import detect_devices, host_fingerprint
from dtf.execution.intake import Intake
from dtf.execution.pool_renewal import PoolRenewal
from dtf.execution.probes import cpu
from dtf.execution.task import RUN_SHARD, SERVED_KEY
from dtf.scheduling.route import serviceable, split_queues
from dtf.scheduling.slots import BROWSER_TAGS, slot_table

if TYPE_CHECKING:
    from dtf.execution.worker_setup import WorkerSetup

_log = logging.getLogger(__name__)


class DtfWorker(Worker):  # type: ignore[misc]  # Celery has no types
    """What ``celery -A dtf worker`` and ``dtf worker`` start.

    Attributes:
        setup: What it was told.
        described: What it registers as: its devices, its slots and the queues that it consumes and has a device for.
        unserved: The queues that it only consumes; their hints it puts back.
        intake: Decides from which queues the next hint is taken.
        guardian: The bootstep that keeps the guardian; None before it is there.
    """

    guardian: Any = None
    _followed: frozenset[str] = frozenset()
    _renewal: PoolRenewal | None = None

    def __init__(self, app: Any = None, hostname: str | None = None, **options: Any) -> None:  # noqa: ANN401  # Celery's
        app = app or self.app
        self.setup: WorkerSetup = app.worker_setup()
        try:
            self._check_broker(app.broker_url())
            devices = find_devices(self.setup, options.get("queues") or ())
        except DtfError as error:
            raise SystemExit(f"dtf: {error}") from error
        if options.get("pool_start_method") == "spawn":
            raise SystemExit("dtf: pool children are forked: they inherit the guardian's address")
        excluded = options.get("exclude_queues") or ()
        can = serviceable(devices, self.setup.tags)
        named = [canonical_queue(queue) for queue in options.get("queues") or ()]
        queues = named or [queue for queue in can if queue not in excluded]
        count = _asked_for(options)
        self.described = describe(self.setup, default_nodename(hostname), devices, queues, count)
        self.unserved = tuple(queue for queue in queues if queue not in self.described.queues)
        app.conf[SERVED_KEY] = list(self.described.queues)
        self.intake = Intake(self.described, RUN_SHARD)
        app.admit = self._admit
        options["queues"] = queues
        # a pool child for each slot; one that has no slot at all puts hints back
        options["concurrency"] = max(1, self.described.slots)
        # they only tell workers of each other, wait a second at the start and leave reply queues behind
        super().__init__(app, hostname, **{**options, "without_mingle": True, "without_gossip": True})

    def _check_broker(self, url: str) -> None:
        try:
            self.setup.check_broker(url)
        except BrokerUnavailableError as error:
            # it may come up later; each new connection is checked again
            _log.warning("%s", error)

    def _admit(self, queues: Sequence[str]) -> Sequence[str]:
        # the list of references is copied in one step: with a pool of threads others change the set
        taken = (reference() for reference in list(state.reserved_requests.data))
        return self.intake.admit(queues, [request for request in taken if request is not None])

    def hear_guardian(self, line: bytes) -> None:
        """Take in what the guardian says, in the thread that listens to it."""
        renewals, follows = self.intake.renewals, self.intake.hear(line)
        if self.consumer is None:
            return
        if follows:
            self.consumer.call_soon(self._follow_queues)
        if self.intake.renewals != renewals:
            self.consumer.call_soon(self._renew_children)

    def _follow_queues(self) -> None:
        """Consume the requirement queues that are wanted, and no other that was added; in the worker's loop."""
        consumer, wanted = self.consumer, self.intake.wanted
        if consumer.task_consumer is None:
            return  # it is connecting; the guardian repeats what it said
        for queue in sorted(wanted):
            if not consumer.task_consumer.consuming_from(queue):
                consumer.add_task_queue(queue)
        for queue in sorted(self._followed - wanted):
            consumer.cancel_task_queue(queue)
        self._followed = wanted

    def _renew_children(self) -> None:
        """Replace the pool's idle children; in the worker's loop."""
        if self._renewal is None:
            self._renewal = PoolRenewal(self.consumer)
        self._renewal.begin()

    def on_start(self) -> None:
        """Say what no device here can serve."""
        super().on_start()
        for queue in self.unserved:
            _log.warning("no device here serves the queue %s: nothing from it will run on this worker", queue)

    def extra_info(self) -> str:
        """What follows Celery's banner: the devices."""
        lines = ["[devices]"]
        for device in self.described.devices:
            marks = "; ".join(marks_of(device))
            lines.append(f".> {device.kind:<16} {device.name}{f' ({marks})' if marks else ''}")
        lines += [f".> {queue:<16} no device here serves the queue {queue}" for queue in self.unserved]
        return "\n".join(["", *lines, ""]) + (super().extra_info() or "")

    def start(self) -> None:
        """Run until told to stop, then end the guardian, whichever way it came to that."""
        try:
            super().start()
        finally:
            if self.guardian is not None:
                self.guardian.end()


def find_devices(setup: "WorkerSetup", queues: Sequence[str]) -> tuple[Device, ...]:
    """What the worker has, without what it was told to leave alone.

    Args:
        setup: What it was told.
        queues: Those that it was told to consume. Browsers are asked only where one of them needs a browser: each of
            them is started for that.

    Raises:
        SettingsError: What it was told about devices cannot be used.
        BadInputError: A browser that it was told of is not there.
    """
    found = detect_devices(
        simulate=setup.simulate,
        visible_cuda=setup.visible_cuda,
        visible_rocr=setup.visible_rocr,
        visible_hip=setup.visible_hip,
        cuda_device_order=setup.cuda_device_order,
        browsers=setup.browsers if any(base_tag(queue) in BROWSER_TAGS for queue in queues) else None,
    )
    if not setup.devices:
        return found
    for uuid in setup.devices:
        if uuid not in {device.uuid for device in found}:
            _log.warning("DTF_WORKER_DEVICES (worker_devices) names %s, which is no device that was found here", uuid)
    return tuple(device for device in found if device.kind == "cpu" or device.uuid in setup.devices)


def describe(
    setup: "WorkerSetup", name: str, devices: Sequence[Device], queues: Sequence[str], concurrency: int
) -> WorkerInfo:
    """What the worker registers as.

    Args:
        setup: What it was told.
        name: Its node name.
        devices: What it has.
        queues: What it is to consume.
        concurrency: How many slots were asked for; 0: as many as fit.
    """
    served, _ = split_queues(queues, devices, setup.tags)
    cores = cpu.usable_cores()
    table = slot_table(
        devices,
        queues=served,
        cores=cores,
        concurrency=concurrency,
        tags=setup.tags,
        share_bytes=round(setup.share_gb * 10**9),
    )
    info = WorkerInfo(
        worker_id=new_id(WORKER),
        name=name,
        host=socket.gethostname(),
        fingerprint=host_fingerprint(),
        pid=os.getpid(),
        queues=served,
        slots=len(table),
        tags=tuple(setup.tags),
        devices=tuple(devices),
        memory_bytes=cpu.memory_bytes(),
        cpu_count=cores,
        version=setup.version,
        slot_table=table,
    )
    # a requirement queue that was named is only served where a device satisfies it
    return replace(info, queues=tuple(queue for queue in served if capacity(info, queue)))


def _asked_for(options: dict[str, Any]) -> int:
    """How many slots the command line asks for: its concurrency, or what it may be scaled up to; 0: none."""
    autoscale = options.get("autoscale")
    if autoscale:
        return int(str(autoscale).partition(",")[0] if isinstance(autoscale, str) else autoscale[0])
    return int(options.get("concurrency") or 0)
