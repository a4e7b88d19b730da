import os
import stat
from pathlib import Path

import pytest

from dtf.domain.errors import ClusterError
from dtf.embedded.state_directory import ClusterAddress, StateDirectory
from dtf.processes.process_table import identify


def address(pid: int, ticks: int) -> ClusterAddress:
    """An address with a process of choice."""
    return ClusterAddress(
        pid=pid,
        start_ticks=ticks,
        broker_url="redis://:s3cret@127.0.0.1:1/0",
        database_url="sqlite:///x",
        control="/c",
        version="1",
    )


def test_directory_and_address_are_closed_to_others(tmp_path: Path) -> None:
    """A new state directory is 0700, cluster.json 0600, and the password is in no repr."""
    directory = StateDirectory(tmp_path / "a" / "b c ü")
    directory.create()
    here = address(os.getpid(), identify(os.getpid()).start_ticks)

    directory.write_address(here)

    assert stat.S_IMODE(directory.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(directory.address.stat().st_mode) == 0o600
    assert directory.read_address() == here
    assert "s3cret" not in repr(here)


def test_a_dead_supervisors_address_is_no_address(tmp_path: Path) -> None:
    """A pid that belongs to another process by now, garbage, or another version's file: none."""
    directory = StateDirectory(tmp_path)
    directory.create()
    assert directory.read_address() is None

    directory.write_address(address(os.getpid(), 1))
    assert directory.read_address() is None

    for content in (b"", b"{", b"[1]", b'{"pid": 1}', b"\xff", b"null"):
        directory.address.write_bytes(content)
        assert directory.read_address() is None


def test_the_control_socket_is_short_whatever_the_state_directory(tmp_path: Path) -> None:
    """A socket's path has about 100 bytes; the state directory's may have 4,000."""
    deep = tmp_path.joinpath(*["ü" * 100] * 8)
    runtime = tmp_path / "r"
    runtime.mkdir()

    short = StateDirectory(deep).control_socket({"XDG_RUNTIME_DIR": str(runtime)})
    elsewhere = StateDirectory(deep).control_socket({"XDG_RUNTIME_DIR": str(tmp_path / ("x" * 100))})

    assert len(os.fsencode(short)) <= 100
    assert len(os.fsencode(elsewhere)) <= 100
    assert stat.S_IMODE(elsewhere.parent.stat().st_mode) == 0o700


def test_somebody_elses_socket_directory_is_not_used(tmp_path: Path) -> None:
    """A link planted where the private directory would be made is stepped around."""
    runtime = tmp_path / "r"
    runtime.mkdir()
    (runtime / f"dtf-{os.getuid()}").symlink_to(tmp_path)

    path = StateDirectory(tmp_path / "state").control_socket({"XDG_RUNTIME_DIR": str(runtime)})

    assert runtime not in path.parents


def test_two_directories_have_two_tokens_and_one_directory_one(tmp_path: Path) -> None:
    """Links and dots lead to the same cluster."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")

    assert StateDirectory(tmp_path / "real").token == StateDirectory(tmp_path / "link").token
    assert StateDirectory(tmp_path / "real").token != StateDirectory(tmp_path).token


@pytest.mark.parametrize("obstacle", ["file", "dangling"])
def test_an_unusable_directory_is_a_clear_error(tmp_path: Path, obstacle: str) -> None:
    """A file or a dangling link in the way: the message names the path, the reason and the way out."""
    path = tmp_path / obstacle
    if obstacle == "file":
        path.write_text("")
        path = path / "state"
    else:
        path.symlink_to("/proc/nowhere/at/all")

    with pytest.raises(ClusterError, match=r"the state directory .* cannot be used: .*; DTF_STATE_DIR"):
        StateDirectory(path).create()
