"""The directory that a private cluster belongs to."""

import contextlib
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from dtf.domain.errors import ClusterError
from dtf.processes.process_table import ProcessId, is_alive

#: A Unix socket's path has 108 bytes in the kernel; some are kept back.
_LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAddress:
    """Where a running cluster is found; the content of ``cluster.json``.

    Attributes:
        pid: The supervisor's.
        start_ticks: When the supervisor started, in clock ticks since boot.
        broker_url: The message broker; holds a password.
        database_url: The ledger.
        control: The path of the supervisor's control socket.
        version: dtf's version.
    """

    pid: int
    start_ticks: int
    broker_url: str = field(repr=False)
    database_url: str = field(repr=False)
    control: str
    version: str


class StateDirectory:
    """The paths of a state directory, and what is kept there about its cluster."""

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))
        self.logs = self.path / "log"
        self.lock = self.path / "cluster.lock"
        self.address = self.path / "cluster.json"

    @property
    def token(self) -> str:
        """What tells this directory's processes from those of others."""
        return hashlib.sha256(os.fsencode(self.path)).hexdigest()[:24]

    def create(self) -> None:
        """Make the directory and its log directory, closed to others, unless they exist.

        Raises:
            ClusterError: It cannot be made or written to.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.logs.mkdir(mode=0o700, exist_ok=True)
            os.close(os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise self.unusable(error) from error

    def unusable(self, error: OSError) -> ClusterError:
        """The error that tells the user what is wrong with the directory."""
        return ClusterError(
            f"the state directory {self.path} cannot be used: {error.strerror or error}; "
            "DTF_STATE_DIR names another one"
        )

    def control_socket(self, environment: Mapping[str, str]) -> Path:
        """Choose the path of the control socket: short, and in a directory that only this user can enter.

        Raises:
            ClusterError: No such directory can be made.
        """
        bases = [environment.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp", "/var/tmp"]  # noqa: S108  # made private below
        reasons: list[str] = []
        for base in filter(os.path.isabs, bases):
            path = Path(base) / f"dtf-{os.getuid()}" / f"{self.token}.sock"
            if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
                reasons.append(f"{base}: too long")
                continue
            try:
                _make_private(path.parent)
            except OSError as error:
                reasons.append(f"{base}: {error.strerror or error}")
                continue
            return path
        raise ClusterError(f"no directory for the control socket ({'; '.join(reasons)})")

    def write_address(self, address: ClusterAddress) -> None:
        """Publish where the cluster is found, readable by this user only, in one step.

        Raises:
            ClusterError: The directory cannot be written to.
        """
        draft = self.path / f"cluster.json.{os.getpid()}"
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                json.dump(asdict(address), file)
            draft.replace(self.address)
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise self.unusable(error) from error

    def read_address(self) -> ClusterAddress | None:
        """Where the cluster is found; None: none runs, or what is written is of a dead one."""
        try:
            data = json.loads(self.address.read_bytes())
            address = ClusterAddress(**data)
            supervisor = ProcessId(pid=address.pid, start_ticks=address.start_ticks)
            return address if is_alive(supervisor) else None
        except (OSError, ValueError, TypeError):  # another version's, or half a disk
            return None


def _make_private(directory: Path) -> None:
    """Make a directory that only this user can enter, or see that it is one.

    Raises:
        OSError: It is not, and cannot be made so.
    """
    with contextlib.suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{directory} belongs to somebody else")
    if stat.S_IMODE(found.st_mode) & 0o077:
        directory.chmod(0o700)
