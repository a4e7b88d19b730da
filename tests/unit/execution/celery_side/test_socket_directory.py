import os
import subprocess
import sys
from pathlib import Path

import pytest

from dtf.execution.socket_directory import make_socket_directory, remove_after, socket_parent


def test_a_long_directory_is_not_used() -> None:
    """A socket's path must fit into 107 bytes whatever TMPDIR is."""
    assert socket_parent(Path("/var/tmp")) == Path("/var/tmp")
    assert socket_parent(Path("/" + "x" * 100)) == Path("/tmp")
    assert socket_parent(Path("/" + "é" * 50)) == Path("/tmp")


def test_the_directory_goes_with_the_worker_and_stays_while_it_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guardian that is replaced leaves it to the next one; the last guardian of a killed worker removes it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ended = subprocess.Popen(["true"])
    ended.wait()
    for pid, stays in ((os.getpid(), True), (ended.pid, False)):
        directory = make_socket_directory(pid)
        (directory / "guardian.sock").touch()
        remove_after(directory / "guardian.sock", pid)
        assert directory.exists() == stays
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    remove_after(foreign / "guardian.sock", ended.pid)
    assert foreign.exists()


def test_the_pool_maps_its_files_in_the_directory(tmp_path: Path) -> None:
    """Billiard asks where multiprocessing was told; TMPDIR stays what it is."""
    code = (
        "import sys; from pathlib import Path; from dtf.execution.socket_directory import keep_pool_files_in\n"
        "keep_pool_files_in(Path(sys.argv[1]))\n"
        "from billiard.util import get_temp_dir; print(get_temp_dir())"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(tmp_path)
