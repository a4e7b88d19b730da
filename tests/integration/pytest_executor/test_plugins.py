"""Plugins that were made for pytest-xdist, and options that mean nothing here."""

import asyncio
import importlib.util
import sys
from collections import Counter

import pytest

from tests.integration.pytest_executor.conftest import Bencher, Suite
from tests.integration.pytest_executor.harness import work

TWO_HALVES = """
import os, pytest

def pytest_configure(config):
    if hasattr(config, "workerinput"):
        config.shared = config.workerinput["shared"]
    else:
        config.shared = f"made by {os.getpid()}"

def pytest_configure_node(node):
    node.workerinput["shared"] = node.config.shared

@pytest.fixture(scope="session")
def shared(request):
    config = request.config
    return config.workerinput["shared"] if hasattr(config, "workerinput") else config.shared
"""

USES_IT = """
import os
def test_a(shared): assert shared == f"made by {os.getppid()}"
def test_b(shared, worker_id): assert shared and worker_id.startswith("gw")
"""


def test_a_plugin_with_a_half_for_the_controller(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """What a controller's half makes and sends to its nodes, workers find."""
    made = bench(suite({"conftest.py": TWO_HALVES, "test_a.py": USES_IT}))
    assert Counter(runner.run(made.run(work())).values()) == {"passed": 2}, made.reported


@pytest.mark.parametrize("asked", [("-p", "xdist"), ("-p", "xdist.plugin"), ("-p", "no:xdist")])
def test_xdist_by_name(asked: tuple[str, str], suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A suite that loads pytest-xdist by name, or not, distributes nothing of its own."""
    made = bench(suite({"pytest.ini": "[pytest]\naddopts = -n 3\n", "test_a.py": "def test_a(worker_id): pass\n"}))
    assert list(runner.run(made.run(work(*asked))).values()) == ["passed"]


FLAKY = """
import pathlib
def test_flaky():
    count = pathlib.Path("count")
    tries = int(count.read_text()) if count.exists() else 0
    count.write_text(str(tries + 1))
    assert tries >= 2
def test_broken(): assert 0
def test_good(): pass
"""


@pytest.mark.skipif(
    importlib.util.find_spec("pytest_rerunfailures") is None, reason="pytest-rerunfailures is not installed"
)
def test_reruns(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """Results with pytest-rerunfailures are pytest's: the last try counts."""
    made = bench(suite({"test_a.py": FLAKY}))
    outcomes = runner.run(made.run(work("--reruns", "2", python=sys.executable)))
    assert list(outcomes.values()) == ["passed", "failed", "passed"]


COVERAGE = """
def pytest_addoption(parser):
    group = parser.getgroup("cov")
    group.addoption("--cov", dest="cov_source", action="append", default=[])
    group.addoption("--cov-fail-under", dest="cov_fail_under", type=float)

def pytest_load_initial_conftests(early_config, parser, args):
    assert not early_config.known_args_namespace.cov_source
"""


def test_what_has_no_effect_is_told(
    suite: Suite, bench: Bencher, runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Options that are switched off are told in the proof of the collection, those of addopts too."""
    addopts = "-p stand_in_cov --cov=x --cov-fail-under=99 --junitxml=o.xml"
    root = suite(
        {
            "pytest.ini": f"[pytest]\naddopts = {addopts}\n",
            "stand_in_cov.py": COVERAGE,
            "test_a.py": "def test_a(): pass\n",
        }
    )
    monkeypatch.setenv("PYTHONPATH", str(root))
    result = runner.run(bench(root).collect(work("--lf")))
    assert result.proof["notes"].splitlines() == [
        "coverage (--cov) is not measured: run coverage around the suite's own process, or leave --cov out",
        "the limit --cov-fail-under=99 was not checked",
        "pytest's report --junitxml is not written: no process has all results",
        "--last-failed has no effect: pytest keeps no results of these runs",
    ]


def test_without_such_options_there_is_no_note(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A suite that asks for nothing special gets no notes."""
    assert "notes" not in runner.run(bench(suite({"test_a.py": "def test_a(): pass\n"})).collect(work())).proof
