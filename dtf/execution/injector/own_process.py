"""Signals that reach processes of ours alone."""

import os
import resource
import signal
from dataclasses import dataclass
from pathlib import Path

from dtf.execution.injector.injection import InjectorError
from dtf.processes.process_table import ProcessId, descendants, identify, is_alive, read_entry, read_table


@dataclass(frozen=True, slots=True)
class OwnProcess:
    """A process that was seen below this one, and that is never mistaken for a later one with its pid.

    What lost its parent since is still ours: it is the same process.
    """

    identity: ProcessId

    @classmethod
    def claim(cls, pid: int) -> "OwnProcess":
        """A process below this one.

        Raises:
            InjectorError: It is not below this one: dtf did not start it here, and it is left alone.
        """
        table = read_table()
        if pid not in descendants(table, (os.getpid(),)):
            raise InjectorError(f"process {pid} was not started by this one, and is left alone")
        return cls(table[pid].identity)

    @classmethod
    def child(cls, pid: int) -> "OwnProcess | None":
        """A child of this process, found at once; None: it is none."""
        entry = read_entry(pid)
        return cls(entry.identity) if entry is not None and entry.parent == os.getpid() else None

    @property
    def pid(self) -> int:
        """Its pid."""
        return self.identity.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return is_alive(self.identity)

    @property
    def stopped(self) -> bool:
        """Whether it is stopped, as ``/proc`` tells."""
        return self.alive and _status(self.pid, "State").startswith("T")

    @property
    def data_bytes(self) -> int:
        """How much data memory it has asked for."""
        return int(_status(self.pid, "VmData").split()[0]) * 1024

    def send(self, number: signal.Signals) -> bool:
        """Send it a signal; whether it was still there to get one."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return False
        try:
            # the descriptor holds on to one process: if that is the right one now, it stays so
            if identify(self.pid) != self.identity or not self.alive:
                return False
            signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(descriptor)
        return True

    def limit_data(self, size: int) -> int:
        """Limit its data memory to so many bytes; returns the limit before."""
        before, hard = resource.prlimit(self.pid, resource.RLIMIT_DATA)
        resource.prlimit(self.pid, resource.RLIMIT_DATA, (size, hard))
        return before


def below(*roots: OwnProcess) -> tuple[OwnProcess, ...]:
    """What is below processes of ours now, which is ours too; nothing below those that are gone."""
    alive = [process.pid for process in roots if process.alive]
    table = read_table()
    return tuple(OwnProcess(table[pid].identity) for pid in descendants(table, alive))


def _status(pid: int, name: str) -> str:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:  # it has ended meanwhile
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:")), "")
