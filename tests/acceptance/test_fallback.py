"""A job whose hardware is held by open breakers runs on its fallback, and nobody takes that for the hardware."""

import json

from tests.acceptance.harness.place import DTF, Place, until

TASKS = [
    {"type": "test", "name": "suite", "config": {"test_file": "test_a.py"}},
    {
        "type": "test",
        "name": "suite",
        "config": {"test_file": "test_a.py"},
        "hardware_requirements": {"hardware": "cuda", "fallback": ["cpu"]},
    },
]


def test_what_an_operator_holds_open_runs_degraded_elsewhere(place: Place) -> None:
    """`dtf why` tells why it waits, the run passes, and neither report nor matrix take it for the hardware."""
    # Given a worker with a (simulated) GPU whose breaker an operator holds open
    place.environment |= {"DTF_SIMULATE_DEVICES": "cuda:1", "DTF_BREAKER_FALLBACK_S": "4"}
    (place.directory / "test_a.py").write_text("def test_a(): pass\n\n\ndef test_b(): pass\n")
    (place.directory / "tasks.json").write_text(json.dumps(TASKS))
    worker = place.start(DTF, "worker", "-Q", "cpu,cuda", "--name", "lab")
    assert until(lambda: _gpus(place), 60, every_s=1.0), worker.said
    (gpu,) = _gpus(place)
    held = place.dtf("breakers", "open", gpu, "--reason", "new driver", "--json")
    assert held.answer["mode"] == "forced_open", held.err

    # When a suite for CPU and GPU is submitted
    assert place.dtf("submit", "--task-file", "tasks.json").status == 0

    # Then it says what it waits for
    assert until(lambda: "by an operator: new driver" in _why(place), 60, every_s=0.5), _why(place)
    # and ends on the fallback, as it says in each report
    assert until(lambda: _outcome(place) == "passed", 60, every_s=1.0), _why(place)
    assert place.dtf("status", "--json").answer["breakers"][0]["reason"] == "by an operator: new driver"
    report = place.dtf("report", "last", "--json").answer
    assert report["standings"] == {"proven": {"cpu": 2}, "degraded": {"cuda": 2}}
    assert {one["proof"].get("degraded", "") for one in report["attempt_list"]} == {"", "cuda -> cpu"}
    assert "degraded: cuda -&gt; cpu" in place.dtf("report", "last", "--format", "junit").out
    matrix = place.dtf("matrix", "last", "--check", "--json")
    assert matrix.status == 1
    assert [column["title"] for column in matrix.answer["columns"]] == ["cpu", "cuda (degraded: cpu)"]
    found = {(one["verdict"], one["reference_verdict"]) for one in matrix.answer["differences"]}
    assert found == {("degraded", "supported")}
    # and the history tells who did what
    assert place.dtf("breakers", "auto", gpu).status == 0
    history = place.dtf("breakers", gpu, "--json").answer["history"]
    assert [event["mode"] for event in history if "mode" in event] == ["forced_open", "auto"]


def _gpus(place: Place) -> list[str]:
    """The breakers of CUDA devices; another one is the way to their worker."""
    found = place.dtf("breakers", "--json").answer["breakers"]
    return [one["target"] for one in found if one["hardware"] == "cuda" and "simulated" in one["name"]]


def _why(place: Place) -> str:
    """What the newest run waits for."""
    return place.dtf("why", "last").out


def _outcome(place: Place) -> object:
    """Its verdict."""
    return place.dtf("status", "last", "--json").answer["run"]["outcome"]
