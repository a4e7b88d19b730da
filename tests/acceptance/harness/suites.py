"""Suites for the workers to run, with outcomes that are known beforehand."""

import textwrap
from collections import Counter
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A suite on the disk.

    Attributes:
        path: Its directory.
        starts: A file to which each test appends its name when it starts.
        counts: Its outcomes.
    """

    path: Path
    starts: Path
    counts: dict[str, int]

    def started(self) -> Counter[str]:
        """How often each test was started so far."""
        return Counter(self.starts.read_text().split()) if self.starts.exists() else Counter()

    def counts_equal(self, counts: dict[str, int]) -> bool:
        """Whether these counts, as ``dtf run --json`` gives them, are the suite's."""
        return {name: number for name, number in counts.items() if number} == self.counts


def mixed_suite(directory: Path, *, modules: int = 4, each: int = 40, seconds: float = 0.05) -> Suite:
    """A suite with every outcome that a test can have; each test takes ``seconds``.

    Of each module's tests the first fails, the second is skipped, the third fails as expected, the fourth
    passes though it was expected to fail, the fifth breaks in its set-up; the others pass.
    """
    directory.mkdir(parents=True)
    (directory / "pytest.ini").write_text("[pytest]\n")
    starts = directory.parent / f"{directory.name}.starts"
    (directory / "conftest.py").write_text(_CONFTEST.format(starts=str(starts)))
    for module in range(modules):
        (directory / f"test_module_{module}.py").write_text(_MODULE.format(each=each, seconds=seconds))
    plain = each - 5
    counts = {"passed": plain, "failed": 1, "skipped": 1, "xfailed": 1, "xpassed": 1, "error": 1}
    return Suite(path=directory, starts=starts, counts={name: n * modules for name, n in counts.items()})


_CONFTEST = textwrap.dedent("""
    import os
    import pytest

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(item):
        descriptor = os.open({starts!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, item.nodeid.replace(" ", "_").encode() + b"\\n")
        os.close(descriptor)
    """)

_MODULE = textwrap.dedent("""
    import time
    import pytest

    @pytest.fixture
    def broken():
        raise RuntimeError("the fixture is broken")

    def test_fails():
        time.sleep({seconds})
        assert 1 == 2

    @pytest.mark.skip(reason="not today")
    def test_is_skipped():
        pass

    @pytest.mark.xfail(reason="known")
    def test_fails_as_expected():
        assert 1 == 2

    @pytest.mark.xfail(reason="thought to be known")
    def test_passes_unexpectedly():
        pass

    def test_breaks_in_setup(broken):
        pass

    @pytest.mark.parametrize("number", range({each} - 5))
    def test_passes(number):
        time.sleep({seconds})
    """)
