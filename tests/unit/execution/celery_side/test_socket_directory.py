from pathlib import Path

from dtf.execution.worker_step import socket_parent


def test_a_long_directory_is_not_used() -> None:
    """A socket's path must fit into 107 bytes whatever TMPDIR is."""
    assert socket_parent(Path("/var/tmp")) == Path("/var/tmp")
    assert socket_parent(Path("/" + "x" * 100)) == Path("/tmp")
    assert socket_parent(Path("/" + "é" * 50)) == Path("/tmp")
