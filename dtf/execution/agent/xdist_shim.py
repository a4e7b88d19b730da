"""Makes a project that was made for pytest-xdist work as it is, with and without pytest-xdist."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

#: Options of pytest-xdist with a value, and what to do with it.
_VALUED = {
    "--maxprocesses": "store",
    "--max-worker-restart": "store",
    "--dist": "store",
    "--tx": "append",
    "--px": "append",
    "--rsyncdir": "append",
    "--rsyncignore": "append",
    "--testrunuid": "store",
    "--maxschedchunk": "store",
}
_FLAGS = ("--loadscope-reorder", "--no-loadscope-reorder", "-f", "--looponfail")


class XdistShim:
    """Stands in for pytest-xdist where it is not installed: its options are accepted, its fixtures work."""

    def pytest_addoption(self, parser: Any) -> None:  # noqa: ANN401  # pytest's types differ between its versions
        """Accept the options; how many processes there are is not the suite's to say here."""
        group = parser.getgroup("xdist", "accepted for projects made for pytest-xdist")
        group._addoption("-n", "--numprocesses", dest="numprocesses", action="store")  # noqa: SLF001  # lower case
        group._addoption("-d", dest="distload", action="store_true", default=False)  # noqa: SLF001  # options are
        for name, action in _VALUED.items():  # pytest's own
            group.addoption(name, action=action, default=None)
        for name in _FLAGS[:2] + _FLAGS[3:]:
            group.addoption(name, action="store_true", default=False)
        for name in ("rsyncdirs", "rsyncignore", "looponfailroots"):
            parser.addini(name, "accepted for projects made for pytest-xdist", type="linelist")

    def pytest_configure(self, config: Any) -> None:  # noqa: ANN401
        """Make the mark known."""
        config.addinivalue_line("markers", "xdist_group(name): tests of one group run in one process.")

    @pytest.fixture(scope="session")
    def worker_id(self, request: Any) -> str:  # noqa: ANN401
        """The name of the process: gw0, gw1 and so on."""
        return str(request.config.workerinput["workerid"])

    @pytest.fixture(scope="session")
    def testrun_uid(self, request: Any) -> str:  # noqa: ANN401
        """The same in all processes of a run."""
        return str(request.config.workerinput["testrunuid"])


def installed() -> bool:
    """Whether the suite's interpreter has pytest-xdist."""
    return importlib.util.find_spec("xdist") is not None


def neutralise(option: Any) -> None:  # noqa: ANN401  # argparse's namespace
    """Have pytest-xdist distribute nothing: the work is distributed already."""
    neutral: dict[str, Any] = {"dist": "no", "numprocesses": None, "maxprocesses": None, "tx": [], "distload": False}
    for name, value in neutral.items():
        if hasattr(option, name):
            setattr(option, name, value)
    for name in ("looponfail", "loadgroup", "usepdb"):
        if getattr(option, name, False):
            setattr(option, name, False)


def worker_input(order: dict[str, Any], option: Any) -> dict[str, Any]:  # noqa: ANN401  # argparse's namespace
    """What ``config.workerinput`` holds in a worker of pytest-xdist; plugins look there."""
    return {
        # pytest-randomly's controller would send it; all workers of a job have to shuffle alike
        "randomly_seed": _seed(order, option),
        "workerid": order["worker_id"],
        "workercount": order["worker_count"],
        "testrunuid": order["testrun_uid"],
        "mainargv": ["pytest", *order["args"]],
    }


def _seed(order: dict[str, Any], option: Any) -> int:  # noqa: ANN401
    seed = getattr(option, "randomly_seed", None)
    if isinstance(seed, int) and any("randomly-seed" in str(argument) for argument in order["args"]):
        return seed
    return int(order["testrun_uid"][:8], 16)


def file_of(item: Any) -> str:  # noqa: ANN401
    """The part of an item's node id that names its file."""
    return str(item.nodeid.split("::", 1)[0])


def group_of(item: Any, dist: str) -> str:  # noqa: ANN401
    """What an item may not be parted from: as ``--dist`` says it, else its ``xdist_group``; empty: nothing."""
    if dist == "loadfile":
        return file_of(item)
    if dist == "loadscope":
        return str(item.nodeid.split("[", 1)[0].rpartition("::")[0])
    names = {
        str(mark.args[0] if mark.args else mark.kwargs.get("name", "default"))
        for mark in item.iter_markers("xdist_group")
    }
    return "_".join(sorted(names))
