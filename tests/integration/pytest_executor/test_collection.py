import asyncio
import sys
import venv
from collections import Counter
from pathlib import Path

import pytest

from dtf.domain.outcome import Outcome
from dtf.domain.work import PytestWork
from tests.integration.pytest_executor.conftest import Bencher, Suite, lean_python, plain
from tests.integration.pytest_executor.harness import work

GOOD = "def test_a(): pass\ndef test_b(): pass\n"

BROKEN: dict[str, tuple[dict[str, str], PytestWork, str]] = {
    "import error": (
        {"test_a.py": GOOD, "test_b.py": "import no_such_module\n"},
        work(),
        "No module named 'no_such_module'",
    ),
    "syntax": ({"test_a.py": "def f(:\n"}, work(), "SyntaxError"),
    "conftest": ({"conftest.py": "raise ValueError('in conftest')\n", "test_a.py": GOOD}, work(), "in conftest"),
    "usage": ({"test_a.py": GOOD}, work("--no-such-option"), "unrecognized arguments: --no-such-option"),
    "ini": ({"pytest.ini": "[pytest]\naddopts = --strange\n", "test_a.py": GOOD}, work(), "--strange"),
    "path": ({"test_a.py": GOOD}, work(paths=("nowhere.py",)), "file or directory not found: nowhere.py"),
    "node": ({"test_a.py": GOOD}, work(paths=("test_a.py::test_z",)), "not found"),
    "keyword": ({"test_a.py": GOOD}, work(keyword="a and ("), "Wrong expression"),
    "exit": ({"conftest.py": "import pytest\npytest.exit('stop here')\n", "test_a.py": GOOD}, work(), "stop here"),
    "exit in a module": ({"test_a.py": "import pytest\npytest.exit('not now')\n"}, work(), "not now"),
    "segfault": ({"test_a.py": "import ctypes\nctypes.string_at(0)\n"}, work(), "by SIGSEGV while it collected test_a"),
    "os._exit": ({"test_a.py": "import os\nos._exit(0)\n"}, work(), "with status 0 while it collected test_a.py"),
    "sys.exit": ({"test_a.py": "import sys\nsys.exit(0)\n"}, work(), "SystemExit"),
    "hook": ({"conftest.py": "def pytest_sessionstart(): 1/0\n", "test_a.py": GOOD}, work(), "ZeroDivisionError"),
    "interpreter": ({"test_a.py": GOOD}, work(python="/no/python"), "no interpreter /no/python"),
    "not an interpreter": ({"test_a.py": GOOD}, work(python="/bin/false"), "with status 1"),
    "collect only": ({"test_a.py": GOOD}, work("--collect-only"), "--collect-only"),
    "version": ({"test_a.py": GOOD}, work("--version"), "--version runs no test"),
    "help": ({"test_a.py": GOOD}, work("--help"), "--help runs no test"),
    "setup plan": ({"test_a.py": GOOD}, work("--setup-plan"), "--setup-plan runs no test"),
    "setup only": ({"test_a.py": GOOD}, work("--setup-only"), "--setup-only runs no test"),
    "fixtures": ({"test_a.py": GOOD}, work("--fixtures"), "--fixtures runs no test"),
    "markers": ({"test_a.py": GOOD}, work("--markers"), "--markers runs no test"),
    "pdb": ({"test_a.py": GOOD}, work("--pdb"), "--pdb needs a terminal"),
    "trace": ({"test_a.py": GOOD}, work("--trace"), "--trace needs a terminal"),
    "two files of one name": (
        {"a/test_x.py": GOOD, "b/test_x.py": GOOD},
        work(),
        "collected: import file mismatch: imported module 'test_x' has this __file__ attribute:",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_collection_is_an_error(name: str, suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """What cannot be collected is an ERROR that says why, never empty and never passed."""
    files, order, expected = BROKEN[name]
    made = bench(suite(files))
    result = runner.run(made.collect(order))
    assert result.outcome is Outcome.ERROR
    assert expected in result.reason, result.reason
    assert result.manifest is None
    assert len(result.reason) < 1500


def test_the_whole_error_is_in_the_log(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """The log of a broken collection holds what pytest prints."""
    made = bench(suite({"test_a.py": "import no_such_module\n", "test_b.py": "1/0\n"}))
    runner.run(made.collect(work()))
    assert "ERROR collecting test_a.py" in made.text
    assert "ERROR collecting test_b.py" in made.text
    assert "E   ModuleNotFoundError" in made.text


@pytest.mark.parametrize("order", [work(), work(keyword="nothing")])
def test_nothing_collected_is_empty(order: PytestWork, suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A suite without a test to run is EMPTY."""
    content = GOOD if order.keyword else "x = 1\n"
    result = runner.run(bench(suite({"test_a.py": content})).collect(order))
    assert result.outcome is Outcome.EMPTY
    assert "no test" in result.reason


def test_a_module_that_skips_itself(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A module that skips itself is one skip, as in pytest's summary; a suite of nothing else is EMPTY."""
    skips = "import pytest\npytest.importorskip('no_such_module')\ndef test_x(): pass\n"
    made = bench(suite({"test_a.py": skips, "test_b.py": GOOD}))
    outcomes = runner.run(made.run(work()))
    assert outcomes == {"test_b.py::test_a": "passed", "test_b.py::test_b": "passed", "test_a.py": "skipped"}
    assert [case.message for case in made.reported if "no_such_module" in case.message]
    alone = bench(suite({"test_b.py": skips}), job_id="j2")
    assert runner.run(alone.collect(work())).outcome is Outcome.EMPTY


def test_a_collection_that_never_ends(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A collection over its limit is an ERROR that says so, and its process dies."""
    made = bench(suite({"test_a.py": "import time\ntime.sleep(600)\n"}), timeout_s=0.5, collect_s=1.5)
    result = runner.run(made.collect(work()))
    assert (result.outcome, result.reason) == (Outcome.ERROR, "the collection took longer than 1.5 s")


def test_a_slow_import(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """The limit for one test does not limit the collection."""
    made = bench(suite({"test_a.py": "import time\ntime.sleep(1.5)\n" + GOOD}), timeout_s=1.0)
    assert runner.run(made.collect(work())).outcome is Outcome.PASSED


def test_usage_errors_are_told_once(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """What pytest does not accept stands once in the reason and once in the log."""
    made = bench(suite({"test_a.py": GOOD}))
    result = runner.run(made.collect(work(paths=("nowhere.py",))))
    assert result.reason.count("nowhere.py") == 1
    assert made.text.count("nowhere.py") == 1


def test_an_interpreter_without_pytest(suite: Suite, bench: Bencher, runner: asyncio.Runner, tmp_path: Path) -> None:
    """An interpreter without pytest is named with the command that installs it."""
    venv.create(tmp_path / "bare", with_pip=False)
    python = str(tmp_path / "bare" / "bin" / "python")
    result = runner.run(bench(suite({"test_a.py": GOOD})).collect(work(python=python)))
    assert result.outcome is Outcome.ERROR
    assert f"{python} -m pip install pytest" in result.reason


def test_a_pytest_py_beside_the_suite(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """Files named as pytest's or the agent's own modules break nothing."""
    names = ("pytest.py", "runner.py", "channel.py", "outcome.py", "plugin.py", "main.py", "json.py")
    files = dict.fromkeys(names, "raise RuntimeError('wrong file')\n")
    own = {"sub/test_a.py": GOOD, "sub/parent.py": "value = 1\n", "sub/test_b.py": "import parent\n" + GOOD}
    root = suite({**files, **own})
    assert runner.run(bench(root).run(work("sub"))) == plain(root, "sub")


def test_a_test_that_is_gone(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A test of the manifest that this worker does not collect is an error that says so; its neighbours run."""
    root = suite({"test_a.py": GOOD})
    made = bench(root)
    collected = runner.run(made.collect(work()))
    (root / "test_a.py").write_text("def test_b(): pass\n")
    other = bench(root)
    assert collected.manifest is not None
    shard = other.shard(work(), list(enumerate(collected.manifest.items)))
    result = runner.run(other.executor.run(shard, other.context(0)))
    gone, kept = result.cases
    assert (gone.outcome.value, kept.outcome.value) == ("error", "passed")
    assert gone.message.startswith("collected at planning, gone now: the ids of parameters must not depend on")


XDIST = {
    "pytest.ini": "[pytest]\naddopts = -n 4 --dist loadgroup --maxprocesses 2\n",
    "test_a.py": """
import os, pytest
@pytest.mark.xdist_group("g")
def test_one(worker_id, testrun_uid, request):
    assert worker_id == os.environ["PYTEST_XDIST_WORKER"] == request.config.workerinput["workerid"]
    assert worker_id.startswith("gw") and int(worker_id[2:]) < int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    assert testrun_uid == os.environ["PYTEST_XDIST_TESTRUNUID"]
def test_two(): pass
""",
}


def test_a_project_made_for_xdist(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """Options, groups, fixtures and variables of pytest-xdist keep their meaning; nothing is distributed twice."""
    made = bench(suite(XDIST))
    collected = runner.run(made.collect(work("--tx", "2*popen")))
    assert collected.manifest is not None
    assert [item.group for item in collected.manifest.items] == ["g", ""]
    assert [item.nodeid for item in collected.manifest.items] == ["test_a.py::test_one", "test_a.py::test_two"]
    assert Counter(runner.run(made.run(work("--tx", "2*popen"))).values()) == {"passed": 2}


def test_a_project_made_for_xdist_without_it(
    suite: Suite, bench: Bencher, runner: asyncio.Runner, tmp_path: Path
) -> None:
    """The same where pytest-xdist is not installed."""
    python = lean_python(tmp_path / "lean")
    made = bench(suite(XDIST))
    assert Counter(runner.run(made.run(work(python=str(python)))).values()) == {"passed": 2}


def test_a_thread_in_the_parent(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """Where a fork is unsafe a plain process for each slot gives the same results, crashes included."""
    conftest = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    body = "import os, pytest\n@pytest.mark.parametrize('i', range(6))\ndef test_i(i):\n    if i == 3: os._exit(9)\n"
    made = bench(suite({"conftest.py": conftest, "test_a.py": body}))
    assert Counter(runner.run(made.run(work(), 2)).values()) == {"passed": 5, "error": 1}


def test_plugins_that_write_files(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """``--junitxml``, ``--lf``, ``--durations``, ``-x`` and a conftest with a terminal reporter break nothing."""
    root = suite(
        {
            "pytest.ini": "[pytest]\naddopts = --junitxml=out.xml --lf --durations=3 -x -p no:randomly --color=yes\n",
            "conftest.py": """
def pytest_configure(config):
    config.addinivalue_line("markers", "slow: slow")
def pytest_sessionstart(session):
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    reporter.write_line("starting")
    reporter.section("title")
def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line("summary")
""",
            "test_a.py": "def test_f(): assert 0\ndef test_g(): assert 0\n" + GOOD,
        }
    )
    assert Counter(runner.run(bench(root).run(work())).values()) == {"failed": 2, "passed": 2}
    assert not (root / "out.xml").exists()


def test_own_interpreter_of_the_suite(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """The interpreter and its pytest are named in the proof."""
    result = runner.run(bench(suite({"test_a.py": GOOD})).collect(work(python=sys.executable)))
    assert result.proof["interpreter"] == sys.executable
    assert result.proof["pytest"] == pytest.__version__
