"""Real suites give the outcomes that plain pytest gives, case by case, and fixtures live as long as with xdist."""

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from tests.acceptance.harness.place import Place, tally
from tests.acceptance.harness.plain import differences, plain_outcomes

ROOT = Path(__file__).resolve().parents[2]
CONFORMANCE = ROOT / "examples" / "onnx_conformance"


def distributed_outcomes(place: Place, suite: Path, *arguments: str, status: int = 0) -> dict[str, str]:
    """Run a suite with dtf on two workers; return the outcome of each test by node id."""
    done = place.dtf("run", str(suite), "--workers", "2", "--json", *arguments, timeout_s=280)
    assert done.status == status, done.err[-3000:]
    report = json.loads(place.dtf("report", done.answer["run_id"], "--format", "json").out)
    return tally([case for job in report["job_list"] for case in job["case_list"]])


def test_the_conformance_suite(place: Place) -> None:
    """Every case of the ONNX conformance suite has the outcome that plain pytest gives; so has the exit status."""
    pytest.importorskip("onnxruntime", reason="the models extra is not installed")
    plain = plain_outcomes(CONFORMANCE, environment=place.environment, scratch=place.directory)
    assert len(plain) > 2000
    assert differences(plain, distributed_outcomes(place, CONFORMANCE)) == []
    place.assert_nothing_left()


def test_a_third_party_suite(place: Place, tmp_path: Path) -> None:
    """A part of networkx's own suite, as installed: the same outcomes as plain pytest."""
    spec = importlib.util.find_spec("networkx")
    assert spec is not None
    assert spec.origin is not None
    suite = shutil.copytree(Path(spec.origin).parent / "algorithms" / "shortest_paths", tmp_path / "shortest_paths")
    (suite / "pytest.ini").write_text("[pytest]\n")  # away from this project's own settings
    plain = plain_outcomes(suite, environment=place.environment, scratch=place.directory)
    assert len(plain) > 100
    assert differences(plain, distributed_outcomes(place, suite)) == []
    place.assert_nothing_left()


def test_a_session_fixture_is_set_up_once_per_slot(place: Place, tmp_path: Path) -> None:
    """A slow session fixture over two workers of one slot is set up twice in all, though the suite has many shards."""
    suite = tmp_path / "suite"
    suite.mkdir()
    (suite / "pytest.ini").write_text("[pytest]\n")
    (suite / "conftest.py").write_text(_SESSION_FIXTURE.format(log=str(tmp_path / "set_up")))
    for module in range(6):
        (suite / f"test_{module}.py").write_text(_USERS)
    done = place.dtf("run", str(suite), "--workers", "2", "--json")
    assert done.status == 0, done.err[-3000:]
    assert done.answer["counts"]["passed"] == 60
    assert len((tmp_path / "set_up").read_text().splitlines()) == 2
    place.assert_nothing_left()


_SESSION_FIXTURE = """
import os, time, pytest

@pytest.fixture(scope="session")
def model():
    with open({log!r}, "a") as log:
        log.write(f"{{os.getpid()}}\\n")
    time.sleep(3)
    return 42
"""

_USERS = """
import time, pytest

@pytest.mark.parametrize("number", range(10))
def test_uses_the_model(model, number):
    time.sleep(0.1)
    assert model == 42
"""


def test_a_project_whose_warnings_are_errors(place: Place, tmp_path: Path) -> None:
    """A project that makes every warning an error, as dtf's own does, runs as with plain pytest."""
    suite = tmp_path / "suite"
    suite.mkdir()
    (suite / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\naddopts = --strict-markers --strict-config\n")
    (suite / "test_a.py").write_text(
        "import warnings\ndef test_quiet():\n    pass\ndef test_warns():\n    warnings.warn('x')\n"
    )
    assert distributed_outcomes(place, suite, status=1) == {
        "test_a.py::test_quiet": "passed",
        "test_a.py::test_warns": "failed",
    }
    place.assert_nothing_left()
