"""Makes a project that was made for pytest-xdist work as it is, with and without pytest-xdist.

Plugins have two halves for pytest-xdist. One is for its controller: at configuration, without ``config.workerinput``,
it starts what all workers share, and fills ``workerinput`` in ``pytest_configure_node``. The other is for a worker, and
finds there what the first one left. Here one process is both, one after the other: it is configured and collects as an
ordinary pytest that has no pytest-xdist, and becomes a worker (``become_worker``) before it runs its first test.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
from types import SimpleNamespace
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


#: The names of pytest-xdist's plugins, which have no part here.
_PLUGINS = ("xdist", "xdist.plugin", "xdist.looponfail")


class XdistShim:
    """Stands in for pytest-xdist: its options are accepted, its fixtures work, its hooks may be implemented."""

    def pytest_addhooks(self, pluginmanager: Any) -> None:  # noqa: ANN401  # pytest's types differ between versions
        """Make the hooks known, where pytest-xdist is installed."""
        if installed():
            pluginmanager.add_hookspecs(_hook_specifications())

    def pytest_addoption(self, parser: Any, pluginmanager: Any) -> None:  # noqa: ANN401
        """Accept the options; how many processes there are is not the suite's to say here."""
        _keep_out(pluginmanager)
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


def _hook_specifications() -> Any:  # noqa: ANN401  # a module
    """The module of pytest-xdist's hooks, without leaving pytest-xdist imported.

    pytest is about to mark the modules of installed plugins for the rewriting of assertions, and warns of each that is
    imported already: an error where a project makes warnings errors.
    """
    before = set(sys.modules)
    module = importlib.import_module("xdist.newhooks")
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "xdist":
            del sys.modules[name]
    return module


def installed() -> bool:
    """Whether the suite's interpreter has pytest-xdist."""
    return importlib.util.find_spec("xdist") is not None


def _keep_out(pluginmanager: Any) -> None:  # noqa: ANN401
    """Load none of pytest-xdist's plugins, not for ``-p xdist`` either: plugins that see it serve a controller."""
    for name in _PLUGINS:
        pluginmanager.set_blocked(name)
    unblock = getattr(pluginmanager, "unblock", None)
    if unblock is not None:
        pluginmanager.unblock = functools.partial(_unblock, unblock)


def _unblock(unblock: Any, name: str) -> bool:  # noqa: ANN401
    return False if name in _PLUGINS else bool(unblock(name))


def become_worker(config: Any, order: dict[str, Any]) -> None:  # noqa: ANN401
    """Give the configuration what a worker of pytest-xdist has, as the suite's own controller halves fill it."""
    given = worker_input(order, config.option)
    node = SimpleNamespace(
        config=config,
        workerinput=given,
        workeroutput={},
        gateway=SimpleNamespace(id=order["worker_id"], spec=SimpleNamespace(popen=True)),
    )
    configure_node = getattr(config.hook, "pytest_configure_node", None)
    if configure_node is not None:
        configure_node(node=node)
    config.workerinput = given
    config.workeroutput = node.workeroutput


def neutralise(option: Any) -> None:  # noqa: ANN401  # argparse's namespace
    """Have pytest-xdist distribute nothing: the work is distributed already."""
    neutral: dict[str, Any] = {"dist": "no", "numprocesses": None, "maxprocesses": None, "tx": [], "distload": False}
    for name, value in neutral.items():
        if hasattr(option, name):
            setattr(option, name, value)
    for name in ("looponfail", "loadgroup"):
        if getattr(option, name, False):
            setattr(option, name, False)


def worker_input(order: dict[str, Any], option: Any) -> dict[str, Any]:  # noqa: ANN401  # argparse's namespace
    """What ``config.workerinput`` holds in a worker of pytest-xdist; plugins look there."""
    return {
        "randomly_seed": getattr(option, "randomly_seed", None),
        "workerid": order["worker_id"],
        "workercount": order["worker_count"],
        "testrunuid": order["testrun_uid"],
        "mainargv": ["pytest", *order["args"]],
    }


def agree_on_seed(order: dict[str, Any], option: Any) -> None:  # noqa: ANN401
    """Have pytest-randomly shuffle alike in all processes of a job: each would draw a seed of its own."""
    if getattr(option, "randomly_seed", None) == "default":
        option.randomly_seed = int(order["testrun_uid"][:8], 16)


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
