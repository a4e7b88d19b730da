"""Suites whose outcomes or fixtures are compared with those of plain pytest and of pytest-xdist."""

import json
import shutil
import sys
from pathlib import Path

from tests.acceptance.harness.place import tally
from tests.acceptance.harness.plain import counted, differences, plain_outcomes
from tools.acceptance.kills import a_place

_CONFTEST = """
import os, time, pytest

@pytest.fixture(scope="session")
def model():
    with open(os.environ["SET_UPS"], "a") as log:
        log.write(f"{os.getpid()}\\n")
    time.sleep(10)
    return 42
"""

_TESTS = """
import time, pytest

@pytest.mark.parametrize("number", range(40))
def test_uses_the_model(model, number):
    time.sleep(0.05)
"""


def session_fixture() -> int:
    """A session fixture of 10 s over two slots: count its set-ups, with dtf and with xdist; return 1 if they differ."""
    with a_place() as place:
        suite = place.directory / "suite"
        suite.mkdir()
        (suite / "pytest.ini").write_text("[pytest]\n")
        (suite / "conftest.py").write_text(_CONFTEST)
        for module in range(6):
            (suite / f"test_{module}.py").write_text(_TESTS)
        logs = {side: place.directory / f"{side}.set_ups" for side in ("dtf", "xdist")}
        place.environment["SET_UPS"] = str(logs["dtf"])
        done = place.dtf("run", str(suite), "--workers", "2", "--json", timeout_s=300)
        place.environment["SET_UPS"] = str(logs["xdist"])
        argv = (sys.executable, "-m", "pytest", "-q", "-n", "2", str(suite))
        xdist = place.start(*argv).wait(300)
        set_ups = {side: len(log.read_text().splitlines()) for side, log in logs.items()}
        print(f"session fixture of 10 s: set up {set_ups}; dtf {done.wall_s:.1f} s, xdist {xdist.wall_s:.1f} s")
        return int(set_ups["dtf"] != set_ups["xdist"] or done.status != 0)


def same_as_pytest(suite: Path) -> int:
    """Run a suite with plain pytest and with dtf; print the counts, and the cases that differ; return their number."""
    with a_place() as place:
        suite = shutil.copytree(suite, place.directory / suite.name)  # away from this project's own pytest settings
        (suite / "pytest.ini").write_text("[pytest]\n")
        plain = plain_outcomes(suite, environment=place.environment, scratch=place.directory)
        done = place.dtf("run", str(suite), "--workers", "2", "--json", timeout_s=3600)
        report = json.loads(place.dtf("report", done.answer["run_id"], "--format", "json").out)
        ours = tally([case for job in report["job_list"] for case in job["case_list"]])
        print(f"{suite.name}: pytest {counted(plain)}; dtf {counted(ours)}, {done.wall_s:.0f} s, exit {done.status}")
        wrong = differences(plain, ours)
        print("\n".join(wrong[:50]))
        place.assert_nothing_left()
        return len(wrong)
