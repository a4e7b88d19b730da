"""What a worker is told before it starts."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from dtf.domain.outcome import Outcome
from dtf.execution.probes.browser_search import BrowserSearch


class ShardAnswer(Protocol):
    """What the guardian answers about a shard."""

    @property
    def claimed(self) -> bool:
        """Whether it was to be had."""
        ...

    @property
    def outcome(self) -> Outcome | None:
        """The gravest verdict of its attempts; None when there was none."""
        ...

    @property
    def attempts(self) -> int:
        """How many attempts were run."""
        ...

    @property
    def ran(self) -> Sequence[str]:
        """Which attempts those were, as ``SHARD:NUMBER``."""
        ...

    @property
    def reason(self) -> str:
        """Why nothing was claimed."""
        ...

    @property
    def unserved(self) -> bool:
        """Whether no slot of this worker can take shards of the hint's queue."""
        ...


class Guardian(Protocol):
    """The guardian, as a Celery process sees it. Every method raises ``DtfError`` or ``OSError`` when it is gone."""

    def run_shard(self, shard_id: str, task_id: str, queue: str) -> ShardAnswer:
        """Claim and run a shard whose hint came from a queue; wait for its end."""
        ...

    def prepare(self, job_id: str, queue: str) -> None:
        """Begin to warm a suite up whose shards will come from a queue."""
        ...

    def drain(self) -> None:
        """Claim nothing more."""
        ...

    def status(self) -> object:
        """What it is doing."""
        ...


def connect_guardian(socket: Path) -> Guardian:
    """The client of the guardian that listens there."""
    from dtf.execution.guardian_client import GuardianClient  # noqa: PLC0415  # only pool children need it

    return GuardianClient(socket)


def default_guardian_command() -> tuple[str, ...]:
    """``dtf guardian`` under this interpreter."""
    return (sys.executable, "-m", "dtf", "guardian")


def _accept(url: str) -> None:
    """Accept any broker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSetup:
    """What a worker is told before it starts.

    Attributes:
        guardian_command: Starts a guardian; ``--socket PATH --worker-pid PID`` is added.
        guardian_environment: Its whole environment; None: this process's.
        tags: Free tags under which the worker registers.
        simulate: Devices by declaration, such as ``cuda:4``.
        visible_cuda: What the caller allows of the NVIDIA devices (``CUDA_VISIBLE_DEVICES``); None: all.
        visible_rocr: What the caller allows of the AMD devices (``ROCR_VISIBLE_DEVICES``); None: all.
        visible_hip: What the caller allows of those (``HIP_VISIBLE_DEVICES``); None: all.
        cuda_device_order: How indexes of NVIDIA devices count (``CUDA_DEVICE_ORDER``); None: the driver's way.
        devices: The UUIDs of the devices that it uses, beside the CPU; empty: all.
        browsers: Which browsers it asks, where one of its queues needs one.
        share_gb: How much of a device's memory one slot has, in units of 10**9 bytes; 0: all of it.
        check_broker: Raises a ``DtfError`` when the worker must not use the broker of that URL.
        guardian_ready_s: How long one guardian may take to be ready, in seconds; then the next one is started.
        guardian_patience_s: How long a worker that starts waits for a guardian, in seconds: a database that is away
            comes back, and what started the worker need not start it again and again meanwhile.
        guardian_stop_s: How long it may take to end when the worker stops, in seconds.
        connect: Makes the guardian's client.
        version: dtf's version.
    """

    guardian_command: tuple[str, ...] = field(default_factory=default_guardian_command)
    guardian_environment: Mapping[str, str] | None = None
    tags: tuple[str, ...] = ()
    simulate: str = ""
    visible_cuda: str | None = None
    visible_rocr: str | None = None
    visible_hip: str | None = None
    cuda_device_order: str | None = None
    devices: tuple[str, ...] = ()
    browsers: BrowserSearch = field(default_factory=BrowserSearch)
    share_gb: float = 0.0
    check_broker: Callable[[str], None] = _accept
    guardian_ready_s: float = 30.0
    guardian_patience_s: float = 300.0
    guardian_stop_s: float = 15.0
    connect: Callable[[Path], Guardian] = connect_guardian
    version: str = ""
