"""What a guardian is told at its start."""

from dataclasses import dataclass
from pathlib import Path

from dtf.domain.worker import WorkerInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianConfig:
    """What a guardian is told at its start.

    Attributes:
        socket: Where it listens; a Unix socket, at most 107 bytes long.
        worker: The worker beside which it stands.
        worker_pid: The worker's main process; the guardian ends with it.
        root: Its directory on this machine; workers may share it. Sources, scratch space and the spool lie there.
        lease_s: How long a claim holds without renewal, in seconds.
        poll_s: Claims are renewed and cancels heard at least this often, in seconds.
        heartbeat_s: How often the worker is said to live, in seconds.
        output_cap: The most bytes of captured output that a case keeps.
        log_cap: The most bytes of log that an attempt keeps.
        artifact_cap: The most bytes of artifacts that an attempt keeps.
        source_count_cap: How many materialised sources are kept while none of them is in use.
        source_size_cap: How many bytes they may take together.
        patience_s: How long an executor has to end an interrupted attempt itself, in seconds.
        stop_s: How long running work has to end when the guardian stops, in seconds.
    """

    socket: Path
    worker: WorkerInfo
    worker_pid: int
    root: Path
    lease_s: float = 30.0
    poll_s: float = 2.0
    heartbeat_s: float = 5.0
    output_cap: int = 65536
    log_cap: int = 10 * 2**20
    artifact_cap: int = 100 * 2**20
    source_count_cap: int = 20
    source_size_cap: int = 10 * 2**30
    patience_s: float = 12.0
    stop_s: float = 10.0

    @property
    def renewal_s(self) -> float:
        """The time between two renewals, in seconds."""
        return min(self.poll_s, self.lease_s / 3)
