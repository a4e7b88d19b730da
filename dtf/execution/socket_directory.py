"""The private directory of a worker: its guardian's socket, and what its pool needs files for."""

import contextlib
import os
import tempfile
from multiprocessing import process as multiprocessing_process
from pathlib import Path

from dtf.processes.process_table import read_entry

#: What the directories are called, followed by the worker's process id.
_PREFIX = "dtf-worker-"
#: A socket's path has at most 107 bytes, of which the names below the parent take at most 42.
_LONGEST_PARENT = 65


def make_socket_directory(worker_pid: int) -> Path:
    """Make the directory of a worker; those of workers that were killed with their guardians go."""
    parent = socket_parent(Path(tempfile.gettempdir()))
    remove_abandoned(parent)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{worker_pid}-", dir=parent))


def keep_pool_files_in(directory: Path) -> None:
    """Let this process's pool map its shared memory in the directory.

    By itself it makes one that is left behind when the worker is killed. It is billiard's as well as
    multiprocessing's: billiard asks multiprocessing. The environment stays, as it is the tests' too.
    """
    multiprocessing_process.current_process()._config["tempdir"] = str(directory)  # type: ignore[attr-defined]  # noqa: SLF001  # there is no other way to name it


def socket_parent(temporary: Path) -> Path:
    """Where sockets lie: the directory for temporary files, or ``/tmp`` where its name leaves no room for them."""
    fits = len(os.fsencode(temporary)) <= _LONGEST_PARENT
    return temporary if fits else Path("/tmp")  # noqa: S108  # the directory made in it is private


def remove_after(socket: Path, worker_pid: int) -> None:
    """Remove the socket and its directory if the worker has ended; a living one is given another guardian.

    Args:
        socket: Where the guardian listened.
        worker_pid: The worker's main process.
    """
    if _lives(worker_pid) or not socket.parent.name.startswith(f"{_PREFIX}{worker_pid}-"):
        return
    with contextlib.suppress(OSError):  # gone already; or not empty, which is none of ours
        socket.unlink(missing_ok=True)
        socket.parent.rmdir()


def remove_abandoned(parent: Path) -> None:
    """Remove the empty directories of workers that were killed; their guardians removed the sockets."""
    for directory in parent.glob(f"{_PREFIX}*"):
        pid = directory.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not _lives(int(pid)):
            with contextlib.suppress(OSError):  # another user's, or not empty
                directory.rmdir()


def _lives(pid: int) -> bool:
    entry = read_entry(pid)
    return entry is not None and entry.alive
