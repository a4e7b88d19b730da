import os
from pathlib import Path

from dtf.embedded.log_files import LogFiles


def test_a_log_that_is_held_open_is_rotated(tmp_path: Path) -> None:
    """What was written is in the older file, and the process that holds the file writes on at its new beginning."""
    logs = LogFiles(tmp_path, largest_bytes=10)
    descriptor = logs.open("worker")
    os.write(descriptor, b"0123456789 and more\n")

    logs.rotate()
    os.write(descriptor, b"new\n")
    os.close(descriptor)

    assert (tmp_path / "worker.log.1").read_bytes() == b"0123456789 and more\n"
    assert logs.path("worker").read_bytes() == b"new\n"


def test_a_small_log_stays(tmp_path: Path) -> None:
    """Below the limit nothing is moved."""
    logs = LogFiles(tmp_path, largest_bytes=10)
    logs.path("worker").write_bytes(b"0123456789")

    logs.rotate()

    assert [path.name for path in tmp_path.iterdir()] == ["worker.log"]


def test_tail_gives_the_last_lines_whatever_the_bytes(tmp_path: Path) -> None:
    """Empty lines are left out, invalid UTF-8 is replaced, a missing file has no lines."""
    logs = LogFiles(tmp_path)
    logs.path("worker").write_bytes(b"x" * 20000 + b"\none\n\ntwo \xff\n\n")

    assert logs.tail("worker", lines=2) == "one\ntwo \ufffd"
    assert logs.tail("nobody") == ""
