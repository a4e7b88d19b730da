import asyncio
from collections import Counter
from pathlib import Path

from tests.integration.pytest_executor.conftest import Bencher, Suite, plain
from tests.integration.pytest_executor.harness import work

MIXED = {
    "pytest.ini": "[pytest]\naddopts = -ra -v --tb=short\n",
    "conftest.py": "import pytest\n@pytest.fixture(scope='session')\ndef shared():\n    yield 1\n",
    "test_a.py": """
import pytest, unittest, warnings
@pytest.mark.parametrize("n", [1, 2, "a/b", "ü"])
def test_p(n, shared): assert n != 2
class TestC:
    def test_m(self): pass
    def test_skip(self): pytest.skip("why")
    class TestInner:
        def test_deep(self, tmp_path): (tmp_path / "x").write_text("1")
class TestU(unittest.TestCase):
    def setUp(self): self.v = 1
    def test_u(self): self.assertEqual(self.v, 1)
    @unittest.expectedFailure
    def test_x(self): self.fail("no")
    @unittest.skip("later")
    def test_s(self): pass
@pytest.fixture
def bad(): raise ValueError("set-up")
@pytest.fixture
def late():
    yield
    raise ValueError("tear-down")
def test_bad(bad): pass
def test_late(late): pass
@pytest.mark.xfail(reason="known")
def test_xf(): assert 0
@pytest.mark.xfail
def test_xp(): pass
@pytest.mark.xfail(strict=True)
def test_xs(): pass
def test_exit():
    raise SystemExit(3)
def test_warn(): warnings.warn("w")
def test_capsys(capsys):
    print("hello"); assert capsys.readouterr().out == "hello\\n"
def test_capfd(capfd):
    import os; os.write(1, b"fd"); assert capfd.readouterr().out == "fd"
""",
    "sub/conftest.py": "import pytest\n@pytest.fixture\ndef only_sub(): return 7\n",
    "sub/deeper/test_b.py": "def test_b(only_sub): assert only_sub == 7\n"
    "def test_c(only_sub, shared): assert 0, 'no'\n",
    "sub/test_same.py": "import pytest\n@pytest.mark.parametrize('i', range(12))\ndef test_i(i): assert i != 5\n",
}


def test_outcomes_equal_those_of_plain_pytest(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """Every node id has the outcome that plain pytest gives it, whatever the size of the shards."""
    root = suite(MIXED)
    expected = plain(root)
    assert len(expected) > 30
    for size in (1, 3, 100):
        assert runner.run(bench(root, job_id=f"j{size}").run(work(), size)) == expected


def test_what_a_case_says(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A case carries its phase, its one-line message, the failure as pytest prints it and the captured output."""
    root = suite(
        {
            "test_a.py": """
import pytest
def test_fails():
    print("to stdout"); assert 1 == 2
@pytest.fixture
def bad(): raise ValueError("in set-up")
def test_bad(bad): pass
def test_skip(): pytest.skip("not today")
@pytest.mark.xfail(reason="known bug")
def test_xf(): assert 0
"""
        }
    )
    made = bench(root)
    runner.run(made.run(work()))
    failed, bad, skipped, xfailed = sorted(made.reported, key=lambda case: case.ordinal)
    assert (failed.phase, failed.message) == ("call", "assert 1 == 2")
    assert "def test_fails" in failed.details
    assert "Captured stdout call" in failed.output
    assert "to stdout" in failed.output
    assert (bad.phase, bad.message) == ("setup", "ValueError: in set-up")
    assert skipped.message == "not today"
    assert xfailed.message == "known bug"


def test_recorded_properties(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """What tests record with pytest's own fixture comes with their cases, also when they fail or skip."""
    root = suite(
        {
            "test_a.py": """
import pytest
def test_fails(record_property):
    record_property("operator", "Add"); record_property("largest_error", 0.5); assert 0
def test_skips(record_property):
    record_property("operator", "Mul"); pytest.skip("no")
def test_plain(): pass
"""
        }
    )
    made = bench(root)
    runner.run(made.run(work()))
    cases = sorted(made.reported, key=lambda case: case.ordinal)
    assert [case.properties for case in cases] == [
        {"operator": "Add", "largest_error": "0.5"},
        {"operator": "Mul"},
        {},
    ]


def test_keyword_and_marker(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """``-k`` and ``-m`` select what they select in pytest, and the rest is counted as deselected."""
    root = suite(
        {
            "pytest.ini": "[pytest]\nmarkers = slow\n",
            "test_a.py": "import pytest\ndef test_one(): pass\n@pytest.mark.slow\ndef test_two(): pass\n",
            "test_b.py": "import pytest\n@pytest.mark.slow\ndef test_two(): pass\ndef test_three(): pass\n",
        }
    )
    made = bench(root)
    assert runner.run(made.run(work(keyword="two or three", marker="not slow"))) == plain(
        root, "-k", "two or three", "-m", "not slow"
    )
    collected = runner.run(made.collect(work(keyword="two or three", marker="not slow")))
    assert collected.manifest is not None
    assert collected.manifest.deselected == 3


def test_fixture_scopes(suite: Suite, bench: Bencher, runner: asyncio.Runner, tmp_path: Path) -> None:
    """A session fixture is set up and torn down once a slot; a module fixture once a module and slot."""
    log = tmp_path / "events"
    fixture = """
import pytest, os
def note(text):
    with open({log!r}, "a") as f: f.write(f"{{text}} {{os.getpid()}}\\n")
@pytest.fixture(scope="session")
def s():
    note("session+"); yield; note("session-")
"""
    module = """
import pytest, time
from conftest import note
@pytest.fixture(scope="module")
def m():
    note(__name__ + "+"); yield; note(__name__ + "-")
@pytest.mark.parametrize("i", range(9))
def test_i(i, s, m): time.sleep(0.02)
"""
    names = [f"test_{letter}.py" for letter in "abcd"]
    files = {"conftest.py": fixture.format(log=str(log)), **dict.fromkeys(names, module)}
    made = bench(suite(files))
    outcomes = runner.run(made.run(work(), size=2))
    assert Counter(outcomes.values()) == {"passed": 36}
    events = Counter(log.read_text().splitlines())
    assert set(events.values()) == {1}, events
    kinds = Counter(line.split()[0] for line in events)
    assert kinds["session+"] == kinds["session-"] == 2
    assert kinds["test_a+"] == kinds["test_a-"]
    modules = sum(count for kind, count in kinds.items() if kind.startswith("test_") and kind.endswith("+"))
    assert 4 <= modules <= 8


def test_the_environment_is_the_shards(suite: Suite, bench: Bencher, runner: asyncio.Runner, tmp_path: Path) -> None:
    """A test sees the variables of the shard and the slot that it runs in, though its process began with others."""
    log = tmp_path / "seen"
    body = f"""
import os, pytest
@pytest.mark.parametrize("i", range(4))
def test_i(i):
    with open({str(log)!r}, "a") as f: f.write(os.environ["DTF_SHARD_ID"] + os.environ["CUDA_VISIBLE_DEVICES"] + "\\n")
"""
    made = bench(suite({"test_a.py": body}), slots=1)
    assert Counter(runner.run(made.run(work(), 2)).values()) == {"passed": 4}
    assert log.read_text().split() == ["s10", "s10", "s20", "s20"]
