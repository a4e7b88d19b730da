import asyncio

import pytest

from dtf.domain.outcome import Outcome
from tests.integration.pytest_executor.conftest import Bencher, Suite, plain
from tests.integration.pytest_executor.harness import work

MARKED = {
    "pytest.ini": "[pytest]\naddopts = --strict-markers\n",
    "test_a.py": """
import pytest
pytestmark = pytest.mark.dtf(requires="host = lab")
def test_module(): pass
@pytest.mark.dtf(requires=["webnn", "browser=firefox"])
class TestC:
    def test_class(self): pass
    @pytest.mark.dtf(requires="vram_gb >= 24")
    @pytest.mark.parametrize("n", [1, 2])
    def test_own(self, n): assert n == 1
""",
    "test_b.py": """
import pytest
def test_plain(): pass
@pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.dtf(requires=("GPU",)))])
def test_parameter(n): pass
""",
}
PLAIN_INI = "[pytest]\naddopts = --strict-markers\nmarkers = dtf(requires): what it asks of the hardware\n"

#: The body of a module, and what the error says of it.
BAD: dict[str, tuple[str, str]] = {
    "a text": ("requires='vram_gb>>24'", "test_a.py::test_bad: requirement 'vram_gb>>24' cannot be read"),
    "a line break": ("requires='webnn\\n'", "test_a.py::test_bad: requirement 'webnn\\n' cannot be read"),
    "code": ("requires=['__import__(1)']", "requirement '__import__(1)' cannot be read"),
    "half a surrogate": ("requires=['\\ud800']", "requirement '\\ud800' cannot be read"),
    "a number": ("requires=24", "test_a.py::test_bad: @pytest.mark.dtf takes requires= with a text"),
    "numbers": ("requires=[24]", "takes requires= with a text or a list of texts, not (requires=[24])"),
    "another name": ("require='webnn'", "not (require='webnn')"),
    "no name": ("'webnn'", "not ('webnn')"),
    "nothing": ("", "takes requires="),
    "against the job": ("requires='devices=3'", "test_a.py::test_bad: devices=N may be required once only"),
}


def test_marks_of_tests_classes_and_modules(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """What test, class and module ask for is in the manifest in canonical form, also under --strict-markers."""
    made = bench(suite(MARKED))
    collected = runner.run(made.collect(work()))
    assert collected.manifest is not None, collected.reason
    own = ("browser=firefox", "host=lab", "vram_gb>=24", "webnn")
    assert [item.requires for item in collected.manifest.items] == [
        ("host=lab",), ("browser=firefox", "host=lab", "webnn"), own, own, (), (), ("gpu",),
    ]  # fmt: skip


def test_a_marked_suite_is_the_same_suite(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """Outcomes equal those of plain pytest, for which the mark stands in the ini file."""
    root = suite(MARKED | {"pytest.ini": PLAIN_INI})
    expected = plain(root)
    assert len(expected) == 7
    assert runner.run(bench(root).run(work())) == expected


@pytest.mark.parametrize("name", BAD)
def test_a_bad_mark(name: str, suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A mark that cannot be used makes the collection an error that names the test and the text; nothing stays."""
    mark, expected = BAD[name]
    body = f"import pytest\ndef test_good(): pass\n@pytest.mark.dtf({mark})\ndef test_bad(): pass\n"
    made = bench(suite({"test_a.py": body}), requirements=("devices=2",))
    result = runner.run(made.collect(work()))
    assert result.outcome is Outcome.ERROR
    assert result.manifest is None
    assert expected in result.reason, result.reason
    assert len(result.reason) < 600


def test_a_bad_mark_on_what_is_left_out(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A test that is not selected asks for nothing."""
    body = "import pytest\ndef test_good(): pass\n@pytest.mark.dtf(requires='!')\ndef test_bad(): pass\n"
    assert runner.run(bench(suite({"test_a.py": body})).run(work("-k", "good"))) == {"test_a.py::test_good": "passed"}


def test_a_group_that_contradicts_itself(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """Tests of one group run together, so they may not ask for different counts of devices."""
    body = (
        "import pytest\npytestmark = pytest.mark.xdist_group('g')\n"
        "@pytest.mark.dtf(requires='devices=2')\ndef test_two(): pass\n"
        "@pytest.mark.dtf(requires='devices=4')\ndef test_four(): pass\n"
    )
    result = runner.run(bench(suite({"test_a.py": body})).collect(work()))
    assert result.outcome is Outcome.ERROR
    assert "test_a.py::test_four: devices=N may be required once only" in result.reason
