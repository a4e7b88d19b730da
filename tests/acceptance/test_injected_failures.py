"""A task file asks for failures: its jobs meet them once, recover, and everybody is told."""

import json
from typing import Any

from tests.acceptance.harness.place import Place

#: A suite that needs a module, and one that needs nothing.
NEEDS = "def test_needs():\n    import yaml\n    assert yaml.safe_load('a: 1') == {'a': 1}\n"
NEEDS_NOTHING = "import time\n\n\ndef test_a():\n    time.sleep(0.2)\n\n\ndef test_b():\n    pass\n"


def _task(name: str, file: str, inject: object) -> dict[str, Any]:
    return {"type": "test", "name": name, "inject": inject, "config": {"test_file": file}}


def test_suites_meet_what_their_task_file_asks_for(place: Place) -> None:
    """A crash costs a fork, a severe one an attempt; a broken module fails a test; each is counted, two recorded."""
    # Given a task file with three suites
    (place.directory / "test_needs.py").write_text(NEEDS)
    (place.directory / "test_nothing.py").write_text(NEEDS_NOTHING)
    tasks = [
        _task("crash once", "test_nothing.py", "crash mild"),
        _task("crash always", "test_nothing.py", {"type": "crash", "intensity": "severe"}),
        _task("broken", "test_needs.py", {"type": "api_error", "intensity": "moderate", "module": "yaml"}),
    ]
    (place.directory / "tasks.json").write_text(json.dumps(tasks))

    # When it is run
    done = place.dtf("submit", "--task-file", "tasks.json", "--wait", "--json")

    # Then only the suite whose module is broken fails, by its own words
    assert done.status == 1, done.err[-3000:]
    counts = {name: count for name, count in done.answer["counts"].items() if count}
    assert counts == {"passed": 4, "failed": 1}, done.answer

    # And each failure was met once, confirmed and told
    told = place.dtf("inject", "--counts", "--json").answer["injections"]
    assert sorted((one["injection"], one["confirmed"], one["recorded"], one["outcome"]) for one in told) == [
        ("api_error moderate module=yaml", True, False, "failed"),
        ("crash mild", True, True, "passed"),
        ("crash severe", True, True, "infra"),
    ], told
    assert all(one["cleared"] and not one["refused"] for one in told)
    place.assert_no_stray_tests()
