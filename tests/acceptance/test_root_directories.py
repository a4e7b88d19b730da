"""Where pytest's root directory is not the working directory, ids, counts and retries are as they should be."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.harness.place import Place, tally
from tests.acceptance.harness.plain import differences

_PLUGIN = Path(__file__).with_name("harness") / "outcomes_plugin.py"
_TESTS = "import pytest\n@pytest.mark.parametrize('n', ['a', 'b::c', '[d'])\ndef test_n(n): assert n == 'a'\n"
_INI, _TOML = "[pytest]\n", "[tool.pytest.ini_options]\n"


@pytest.mark.parametrize(
    ("configuration", "cwd", "arguments"),
    [
        ({"pyproject.toml": _TOML}, ".", ("sub/tests",)),
        ({"pyproject.toml": _TOML}, "sub", ()),
        ({"pytest.ini": _INI}, "sub", ("tests/test_a.py",)),
        ({"sub/pytest.ini": _INI}, ".", ("sub",)),
        ({"sub/tests/pytest.ini": _INI}, "sub", ("tests",)),
        ({"pytest.ini": _INI + "testpaths = sub/tests\n"}, ".", ()),
    ],
)
def test_the_same_ids_as_pytest_and_a_retry_of_what_failed(
    configuration: dict[str, str], cwd: str, arguments: tuple[str, ...], place: Place
) -> None:
    """A run gives the ids and outcomes of plain pytest there; a retry runs what failed, under the same ids."""
    root = place.directory / "project"
    files = {**configuration, "sub/tests/test_a.py": _TESTS, "sub/other/test_b.py": "def test_b(): pass\n"}
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    expected = _plain(place, root / cwd, *arguments)
    done = place.dtf("run", *arguments, "--workers", "1", "--json", cwd=root / cwd)
    assert done.status == 1, done.err[-3000:]
    assert differences(expected, _outcomes(place, done.answer["run_id"])) == []
    again = place.dtf("retry", "last", "--failed", "--wait", "--json", cwd=place.directory)
    assert again.status == 1, again.err[-3000:]
    failed = {nodeid: outcome for nodeid, outcome in expected.items() if outcome == "failed"}
    assert len(failed) == 2
    assert _outcomes(place, again.answer["run_id"]) == failed


def _outcomes(place: Place, run_id: str) -> dict[str, str]:
    report = json.loads(place.dtf("report", run_id, "--format", "json").out)
    return tally([case for job in report["job_list"] for case in job["case_list"]])


def _plain(place: Place, cwd: Path, *arguments: str) -> dict[str, str]:
    told = place.directory / "plain.json"
    variables = place.environment | {"PYTHONPATH": str(_PLUGIN.parent), "OUTCOMES_FILE": str(told)}
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", _PLUGIN.stem, *arguments]
    subprocess.run(argv, cwd=cwd, env=variables, capture_output=True, check=False)
    outcomes: dict[str, str] = json.loads(told.read_text())
    return outcomes
