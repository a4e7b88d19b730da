"""What goes over the guardian's socket: one JSON object a line, one answer for each request."""

from dataclasses import dataclass

from dtf.domain.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a Celery child asks for.

    Attributes:
        op: run, prepare, drain or status.
        shard_id: For run: the shard of the hint.
        task_id: For run: the Celery task.
        job_id: For prepare: the suite.
        queue: For run and prepare: the queue from which the hint came.
    """

    op: str
    shard_id: str = ""
    task_id: str = ""
    job_id: str = ""
    queue: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardReply:
    """What came of a hint.

    Attributes:
        claimed: Whether the shard was to be had; if not, the hint is to be dropped.
        outcome: The gravest outcome of the attempts that were run; None when there was none.
        attempts: How many attempts were run: the hinted one and those that followed on.
        ran: Which attempts those were, in their order, as ``SHARD:NUMBER``.
        reason: Why nothing was claimed, or why the outcome is not passed; for people.
        unserved: Whether no slot here can take shards of the hint's queue now: it is another worker's to have.
    """

    claimed: bool
    outcome: Outcome | None = None
    attempts: int = 0
    ran: tuple[str, ...] = ()
    reason: str = ""
    unserved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What a guardian tells its worker's main process, a line each on its standard output, once it is ready.

    Attributes:
        queues: The open requirement queues that the worker's slots can take; None: nothing is said about them.
        task_id: The Celery task that was given slots, or gave them back; empty: none.
        slots: Their numbers; empty: given back.
        held: The slots that are given to nobody for now, as what they own is in doubt; None: nothing is said.
        held_devices: The UUIDs of the devices on which nothing is to run for now; None: nothing is said.
        new_children: Whether the Celery children that are idle are to be replaced by new ones.
        drained: Whether the worker is to take nothing more for as long as it lives.
    """

    queues: tuple[str, ...] | None = None
    task_id: str = ""
    slots: tuple[int, ...] = ()
    held: tuple[int, ...] | None = None
    held_devices: tuple[str, ...] | None = None
    new_children: bool = False
    drained: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianStatus:
    """What a guardian is doing.

    Attributes:
        worker_id: Its worker.
        pid: Its process.
        draining: Whether it takes nothing more.
        slots: How many slots there are.
        busy_slots: How many run something.
        shard_ids: What is held.
        spooled: How many results wait for the ledger.
    """

    worker_id: str
    pid: int
    draining: bool
    slots: int
    busy_slots: int
    shard_ids: tuple[str, ...]
    spooled: int
