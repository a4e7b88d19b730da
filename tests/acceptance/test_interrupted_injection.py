"""Ctrl-C ends ``dtf inject``, whatever it is doing: a driver that starts, a browser that starts, one that is broken."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.acceptance.harness.place import DTF, Place, until
from tests.acceptance.harness.processes import command_line
from tests.support.browsers import need_browser

Tree = list[psutil.Process]


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Where the command and all below it put temporary files; its path is short, as browsers' sockets lie there."""
    path = Path(tempfile.mkdtemp())
    yield path
    shutil.rmtree(path, ignore_errors=True)


def _driver(tree: Tree) -> bool:
    return any("run-driver" in command_line(process) for process in tree)


def _page(tree: Tree) -> bool:
    return any("--type=renderer" in command_line(process) for process in tree)


def _stopped(tree: Tree) -> bool:
    return any(_status(process) == psutil.STATUS_STOPPED for process in tree)


def _status(process: psutil.Process) -> str:
    try:
        return str(process.status())
    except psutil.NoSuchProcess:
        return psutil.STATUS_DEAD


def _below(pid: int) -> Tree:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).children(recursive=True)
    return []


def _group(pid: int) -> None:
    os.killpg(pid, signal.SIGINT)  # as a terminal does, to the driver too


def _alone(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)


@pytest.mark.parametrize(
    ("moment", "interrupt"),
    [(_driver, _group), (_page, _alone), (_page, _group), (_stopped, _group)],
    ids=["a driver, Ctrl-C", "a page, SIGTERM", "a page, Ctrl-C", "a GPU process that is stopped, Ctrl-C"],
)
def test_an_interrupted_injection_leaves_nothing(
    place: Place, temporary: Path, moment: Callable[[Tree], bool], interrupt: Callable[[int], None]
) -> None:
    """One sentence, exit 13, no process and no file."""
    need_browser("chromium")
    # Given an injection at that moment
    command = place.start(
        DTF, "inject", "gpu_error", "severe", "--browser", "chromium", extra={"TMPDIR": str(temporary)}
    )
    assert until(lambda: moment(_below(command.pid)) or not command.running, 120, every_s=0.01)
    tree = _below(command.pid)
    assert command.running, command.said

    # When it is interrupted
    interrupt(command.pid)
    done = command.wait(60)

    # Then it says so once, and nothing is left of what it had begun
    assert (done.status, done.out) == (13, "")
    assert done.err == "dtf: interrupted; what was started was ended, and no injected failure is left\n"
    left = [process for process in tree if _status(process) not in (psutil.STATUS_DEAD, psutil.STATUS_ZOMBIE)]
    assert not left
    place.assert_nothing_left(within_s=0)
    assert list(temporary.iterdir()) == []
