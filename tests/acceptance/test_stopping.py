"""``-x``, ``--maxfail`` and the end of sessions, as pytest users know them."""

import json
from pathlib import Path

import pytest

from tests.acceptance.harness.place import Place, tally

_FAILS = "import pytest\n@pytest.mark.parametrize('n', range(22))\ndef test_n(n): assert n not in (3, 9)\n"

_BREAKS = """
import pytest

@pytest.fixture(scope="session")
def kept():
    yield
    raise RuntimeError("at the end of the session")

@pytest.mark.parametrize("n", range(5))
def test_n(n, kept): pass
"""


def _suite(directory: Path, addopts: str, content: str) -> Path:
    directory.mkdir()
    (directory / "pytest.ini").write_text(f"[pytest]\naddopts = {addopts}\n")
    (directory / "test_a.py").write_text(content)
    return directory


@pytest.mark.parametrize(
    ("addopts", "arguments", "counts"),
    [
        ("", ("--maxfail", "1"), {"passed": 3, "failed": 1}),
        ("--maxfail=1", ("--maxfail", "2"), {"passed": 8, "failed": 2}),
        ("-x", (), {"passed": 3, "failed": 1}),
        ("", ("--", "--maxfail=2"), {"passed": 8, "failed": 2}),
    ],
)
def test_a_run_stops_inside_a_shard(
    addopts: str, arguments: tuple[str, ...], counts: dict[str, int], place: Place
) -> None:
    """On one slot exactly the tests run that pytest would run; the rest is neither a failure nor lost."""
    suite = _suite(place.directory / "suite", addopts, _FAILS)
    done = place.dtf("run", str(suite), "--workers", "1", "--json", *arguments)
    assert done.status == 1, done.err[-3000:]
    assert {name: count for name, count in done.answer["counts"].items() if count} == counts
    audit = place.dtf("audit", "last", "--json").answer
    assert (audit["ok"], audit["lost"], audit["duplicated"]) == (True, 0, 0)


def test_a_session_fixture_that_breaks_at_its_teardown(place: Place) -> None:
    """It is an error of the last test, as with pytest-xdist, and the run has failed."""
    suite = _suite(place.directory / "suite", "", _BREAKS)
    done = place.dtf("run", str(suite), "--workers", "1", "--json")
    assert done.status == 1, done.err[-3000:]
    report = json.loads(place.dtf("report", "last", "--format", "json").out)
    outcomes = tally([case for job in report["job_list"] for case in job["case_list"]])
    assert sorted(outcomes.values()) == ["error", *["passed"] * 4]
