"""The mark in the environment by which a process is known as dtf's."""

from dataclasses import dataclass

from dtf.processes.process_table import ProcessId

#: Who answers for the process: ``<worker id>:<guardian's pid>:<guardian's start in clock ticks>``.
OWNER_VARIABLE = "DTF_OWNER"

#: For whom it was started: ``<slot>.<serial>``; the slot is ``-`` when it serves the whole worker.
SLOT_VARIABLE = "DTF_SLOT_TOKEN"

_WORKER_WIDE = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerToken:
    """Who answers for a process.

    Attributes:
        worker_id: The worker.
        guardian: Its guardian's process, safe against reuse of the pid.
    """

    worker_id: str
    guardian: ProcessId

    def __str__(self) -> str:
        return f"{self.worker_id}:{self.guardian.pid}:{self.guardian.start_ticks}"

    @classmethod
    def parse(cls, text: str) -> "OwnerToken | None":
        """Read a token; None when the text is none."""
        worker_id, _, rest = text.partition(":")
        pid, _, ticks = rest.partition(":")
        if not (worker_id and pid.isdecimal() and ticks.isdecimal()):
            return None
        return cls(worker_id=worker_id, guardian=ProcessId(pid=int(pid), start_ticks=int(ticks)))


def slot_token(slot: int | None, serial: int) -> str:
    """The mark of the ``serial``-th process that a guardian started."""
    return f"{_WORKER_WIDE if slot is None else slot}.{serial}"


def slot_of(token: str) -> int | None:
    """The slot that a mark names; None for none."""
    slot, _, _ = token.partition(".")
    return int(slot) if slot.isdecimal() else None
