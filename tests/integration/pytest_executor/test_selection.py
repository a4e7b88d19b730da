"""What is collected of a suite, and what is kept together."""

import asyncio
from pathlib import Path

import pytest

from dtf.domain.outcome import Outcome
from tests.integration.pytest_executor.conftest import Bencher, Suite, lean_python
from tests.integration.pytest_executor.harness import work

FILES = {
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "below/tests/test_a.py": "import pytest\n@pytest.mark.parametrize('n', ['x::y', '[', 'z'])\ndef test_n(n): pass\n",
    "below/tests/test_b.py": "def test_b(): pass\n",
    "below/tests/test_c.py": "raise RuntimeError('imported for nothing')\n",
}

CLASSES = "class TestA:\n  def test_1(self): pass\n  def test_2(self): pass\ndef test_3(): pass\n"
GROUPED = f"import pytest\n{CLASSES}@pytest.mark.xdist_group('g')\ndef test_4(): pass\n"


def test_only_some_node_ids(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """Tests are chosen by their node ids wherever pytest's root is, and nothing else is imported."""
    made = bench(suite(FILES) / "below")
    wanted = (
        "below/tests/test_a.py::test_n[x::y]",
        "below/tests/test_a.py::test_n[[]",
        "below/tests/test_b.py::test_b",
    )
    outcomes = runner.run(made.run(work(paths=("tests",), only=wanted)))
    assert outcomes == dict.fromkeys(wanted, "passed")


def test_a_node_id_that_is_gone(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A test that is not there any more is named, and none is run in its place."""
    made = bench(suite(FILES) / "below")
    wanted = ("below/tests/test_b.py::test_b", "below/tests/test_b.py::test_gone")
    result = runner.run(made.collect(work(paths=("tests",), only=wanted)))
    assert result.outcome is Outcome.ERROR
    assert result.reason == "the suite could not be collected: not found: below/tests/test_b.py::test_gone"


@pytest.mark.parametrize(
    ("dist", "groups"),
    [
        ("loadfile", ["test_a.py"] * 4),
        ("loadscope", ["test_a.py::TestA", "test_a.py::TestA", "test_a.py", "test_a.py"]),
        ("loadgroup", ["", "", "", "g"]),
        ("load", ["", "", "", "g"]),
    ],
)
@pytest.mark.parametrize("xdist", [True, False])
def test_what_dist_keeps_together(
    dist: str,
    groups: list[str],
    xdist: bool,
    suite: Suite,
    bench: Bencher,
    runner: asyncio.Runner,
    tmp_path: Path,
) -> None:
    """``--dist`` in a project's addopts says what no shard may part, whether or not pytest-xdist is installed."""
    files = {"pytest.ini": f"[pytest]\naddopts = -n 2 --dist {dist}\n", "test_a.py": GROUPED}
    python = "" if xdist else str(lean_python(tmp_path / "lean"))
    collected = runner.run(bench(suite(files)).collect(work(python=python)))
    assert collected.manifest is not None, collected.reason
    assert [item.group for item in collected.manifest.items] == groups
