"""Requirements as people write them: on the command line, in task files and in suites, with real workers."""

import json
from pathlib import Path

from tests.acceptance.harness.place import DTF, Place, until

GPUS = {"DTF_SIMULATE_DEVICES": "cuda:2"}

MARKED = """
import os, pytest

def owned():
    return os.environ["CUDA_VISIBLE_DEVICES"]

@pytest.mark.parametrize("number", range(4))
def test_plain(number):
    assert owned() in ("simulated-cuda-0", "simulated-cuda-1")

@pytest.mark.dtf(requires=["uuid = simulated-cuda-1", "simulated"])
@pytest.mark.parametrize("number", range(2))
def test_the_second(number):
    assert owned() == "simulated-cuda-1"

@pytest.mark.dtf(requires="devices=2")
def test_both():
    assert sorted(owned().split(",")) == ["simulated-cuda-0", "simulated-cuda-1"]
"""

TAGGED = """
import os, pytest
pytestmark = pytest.mark.dtf(requires="rack-7")

def test_there():
    assert os.environ["RACK"] == "7"
"""


def suite(place: Place, **files: str) -> Path:
    """A suite that takes marks seriously."""
    directory = place.directory / "suite"
    directory.mkdir()
    (directory / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    for name, content in files.items():
        (directory / f"{name}.py").write_text(content)
    return directory


def test_what_no_device_here_satisfies_is_refused_at_once(place: Place) -> None:
    """A simulated device has no memory, and there are two: the sentence says so, and nothing is submitted."""
    place.environment |= GPUS
    command = ("run", "--hardware", "cuda", "--command")
    done = place.dtf(*command, "--require", "vram_gb>=1", "--", "true")
    assert done.status == 11
    assert "no worker satisfies vram_gb>=1: no cuda device here tells its vram_gb (this machine, simulated-" in done.err
    done = place.dtf(*command, "--devices", "3", "--", "true")
    assert done.status == 11
    assert "no worker has 3 cuda devices for one job: those that would do here are 2 (this machine)" in done.err
    done = place.dtf("run", "--require", "no-such-tag", "--command", "--", "true")
    assert done.status == 11
    assert "no worker satisfies no-such-tag: the tags here are none (this machine)" in done.err
    assert json.loads(place.dtf("runs", "--json").out)["runs"] == []
    place.assert_nothing_left()


def test_a_job_of_two_devices_has_both(place: Place) -> None:
    """From the command line, and from a task file."""
    place.environment |= GPUS
    print_devices = ("printenv", "CUDA_VISIBLE_DEVICES")
    done = place.dtf("run", "--hardware", "gpu", "--devices", "2", "--command", "--", *print_devices)
    assert done.status == 0, done.err
    assert "simulated-cuda-0,simulated-cuda-1" in done.out
    task = {
        "type": "command",
        "config": {
            "argv": list(print_devices),
            "hardware_requirements": {"hardware": "cuda", "devices": 2, "simulated": True},
        },
    }
    (place.directory / "task.json").write_text(json.dumps(task))
    done = place.dtf("submit", "--task-file", "task.json", "--wait", "--print-result", "--json")
    assert done.status == 0, done.err
    status = place.dtf("status", done.answer["run_id"], "--json").answer
    assert status["jobs"][0]["requirements"] == ["devices=2", "simulated"]
    place.assert_nothing_left()


def test_tests_with_marks_run_where_they_ask_to(place: Place) -> None:
    """Marks of two kinds in one module, beside tests without any: each runs on the devices that it names."""
    place.environment |= GPUS
    done = place.dtf("run", str(suite(place, test_marked=MARKED)), "--hardware", "cuda", "--json")
    assert done.status == 0, done.out + done.err
    assert done.answer["counts"]["passed"] == 7
    assert place.dtf("audit", done.answer["run_id"]).status == 0
    place.assert_nothing_left()


def test_a_marked_suite_waits_for_a_worker_with_the_tag(place: Place) -> None:
    """The other tests run meanwhile; why says which tag is missing, and the worker that brings it takes the rest."""
    directory = suite(place, test_tagged=TAGGED, test_plain="def test_here(): pass\n")
    place.start(DTF, "up", "--workers", "1")
    assert until(lambda: place.dtf("workers", "--json").answer["workers"], 60, every_s=1.0)
    run = place.start(DTF, "run", str(directory), "--workers", "1", "--json")

    def cause() -> str:
        done = place.dtf("why", "last", "--json")
        return done.answer["why"] if done.status == 0 and done.answer.get("cause") == "unsatisfied" else ""

    assert until(cause, 60, every_s=1.0)
    assert cause().startswith("No worker satisfies rack-7: the tags here are none (cpu-1@")
    worker = place.start(
        DTF, "worker", "-Q", "cpu", "--slots", "1", "--tags", "rack-7", "--name", "tagged", extra={"RACK": "7"}
    )
    done = run.wait(120)
    assert done.status == 0, done.out + done.err
    assert done.answer["counts"]["passed"] == 2
    report = json.loads(place.dtf("report", done.answer["run_id"], "--format", "json").out)
    assert any(attempt["worker_name"].startswith("tagged@") for attempt in report["attempt_list"])
    (tagged,) = [w for w in place.dtf("workers", "--json").answer["workers"] if w["name"].startswith("tagged@")]
    assert tagged["tags"] == ["rack-7"]
    assert worker.running
    place.kill_all()


def test_a_bad_mark_is_an_error_that_names_the_test(place: Place) -> None:
    """The suite cannot be collected, as with any other mistake in it."""
    body = "import pytest\n@pytest.mark.dtf(requires='vram_gb>>1')\ndef test_bad(): pass\n"
    done = place.dtf("run", str(suite(place, test_a=body)))
    assert done.status == 2, done.out + done.err
    assert "test_a.py::test_bad: requirement 'vram_gb>>1' cannot be read" in done.out + done.err
    place.assert_nothing_left()
