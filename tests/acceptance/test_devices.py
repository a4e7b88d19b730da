"""Slots own devices: eight simulated GPUs, and what jobs on them wrote down."""

import json
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.harness.holding import command, gaps, read_holdings, shared
from tests.acceptance.harness.place import CELERY, DTF, Place, Started, until
from tests.acceptance.test_two_terminals import online

GPUS = 8
SINGLE, DOUBLE = 170, 30

#: A device has work within a second on a machine that has nothing else to do; the figure is printed. Tests run beside
#: others, on few cores.
GENEROUS_S = 4.0


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Place]:
    """A place where workers have eight simulated GPUs; nothing is left of it."""
    made = Place(tmp_path, DTF_SIMULATE_DEVICES=f"cuda:{GPUS}")
    yield made
    made.kill_all()


def start(lab: Place) -> list[Started]:
    """A cluster without workers of its own, and one worker that has the GPUs."""
    up = lab.start(DTF, "up", "--workers", "0")
    assert until(lambda: lab.dtf("workers", "--json").status == 0, 60, every_s=0.5), up.said
    worker = lab.start(CELERY, "-A", "dtf", "worker", "-Q", "cuda", "-n", "gpus@%h", "-l", "INFO")
    assert until(lambda: " ready." in worker.said and online(lab) == 1, 60, every_s=0.5), worker.said
    return [worker, up]


def end(lab: Place, commands: list[Started]) -> None:
    """End what was started; nothing may be left."""
    for started in commands:
        started.process.terminate()
        started.wait(60)
    lab.assert_nothing_left()


def task(name: str, argv: list[str], **requirements: object) -> dict[str, Any]:
    """A command for a GPU."""
    return {
        "type": "command",
        "name": name,
        "config": {"argv": argv, "hardware_requirements": {"hardware": "cuda", **requirements}},
    }


def submit(lab: Place, name: str, tasks: list[dict[str, Any]]) -> dict[str, Any]:
    """Submit tasks as one run."""
    file = lab.directory / f"{name}.json"
    file.write_text(json.dumps(tasks))
    done = lab.dtf("submit", "--task-file", str(file), "--json")
    assert done.status == 0, done.err
    answer: dict[str, Any] = done.answer
    return answer


def test_two_hundred_jobs_on_eight_gpus(lab: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """No device is ever held by two jobs, and none has nothing to do for long while work for it waits."""
    commands = start(lab)
    notes = lab.directory / "notes"
    # every seventh or so needs two devices, and they take between 0.2 and 0.5 s
    tasks = [
        task(f"job {n}", command(notes, 0.2 + 0.05 * (n % 7)), **({"devices": 2} if n % 20 in (3, 9, 15) else {}))
        for n in range(SINGLE + DOUBLE)
    ]
    since = time.time()
    run = submit(lab, "tasks", tasks)["run_id"]
    submitted = time.time()
    assert until(lambda: notes.exists() and len(notes.read_text().splitlines()) == 2 * len(tasks), 180, 0.5)
    assert until(lambda: lab.dtf("status", run, "--json").answer["run"]["outcome"] == "passed", 60, 1.0)
    holdings = read_holdings(notes)
    assert shared(holdings) == []
    assert sum(len(holding.devices) == 2 for holding in holdings) == DOUBLE
    assert {device for holding in holdings for device in holding.devices} == {
        f"simulated-cuda-{number}" for number in range(GPUS)
    }
    idle = gaps(holdings, submitted)
    free = sorted((gap.seconds for gap in idle if not gap.held_back), reverse=True)
    held = sorted((gap.seconds for gap in idle if gap.held_back), reverse=True)
    wall = max(holding.end for holding in holdings) - since
    work = sum((holding.end - holding.begin) * len(holding.devices) for holding in holdings)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(tasks)} jobs in {wall:.1f} s, devices busy {work / (GPUS * wall):.0%} of it;"
            f" idle while work waited: longest {', '.join(f'{s:.2f}' for s in free[:3])} s,"
            f" median {free[len(free) // 2]:.3f} s;"
            f" held back for two devices: longest {', '.join(f'{s:.2f}' for s in held[:3])} s\n"
        )
    singles, doubles = ([h.begin for h in holdings if len(h.devices) == count] for count in (1, 2))
    assert max(doubles) < max(singles), "who needs two devices is not kept waiting by the many who need one"
    assert free[0] < GENEROUS_S
    end(lab, commands)


def test_requirement_queues_that_appear(lab: Place) -> None:
    """A worker that runs consumes the requirement queues that it satisfies, pins the device, and leaves the others."""
    commands = start(lab)
    said = lab.directory / "said"
    tell = ["sh", "-c", f'echo "$DTF_HARDWARE $DTF_DEVICES $CUDA_VISIBLE_DEVICES $DTF_SIMULATED" >> {said}']
    wanted = {"uuid": "simulated-cuda-3"}
    submit(lab, "right", [task("third", tell, **wanted)])
    job = submit(lab, "wrong", [task("large", tell, vram_gb=24), task("none", tell, uuid="simulated-cuda-9")])
    assert until(said.exists, 60), commands[0].said
    submit(lab, "again", [task("third", tell, **wanted), task("two", tell, devices=2)])
    assert until(lambda: len(said.read_text().splitlines()) == 3, 60), said.read_text()
    lines = sorted(said.read_text().splitlines())
    third = "cuda simulated-cuda-3 simulated-cuda-3 1"
    assert lines.count(third) == 2
    (two,) = (line.split() for line in lines if line != third)
    assert len(two) == 5
    assert two[3] == f"{two[1]},{two[2]}"
    waiting = lab.dtf("status", job["run_id"], "--json").answer["jobs"]
    assert [(item["state"], item["outcome"]) for item in waiting] == [("running", None)] * 2
    log = commands[0].said
    assert "Started consuming from cuda[uuid=simulated-cuda-3]" in log
    assert "cuda[vram_gb" not in log
    assert "cuda[uuid=simulated-cuda-9]" not in log
    end(lab, commands)


def test_a_suite_is_pinned_from_birth(lab: Place) -> None:
    """What a suite's modules see while they are imported is the device that their tests run on, one for each slot."""
    lab.environment["DTF_SIMULATE_DEVICES"] = "cuda:2"
    suite = lab.directory / "suite"
    suite.mkdir()
    code = """
        import os, time
        import pytest

        BORN = os.environ["CUDA_VISIBLE_DEVICES"]

        @pytest.mark.parametrize("number", range(12))
        def test_device(number):
            assert os.environ["CUDA_VISIBLE_DEVICES"] == os.environ["DTF_DEVICES"] == BORN
            with open(PLACE, "a") as file:
                file.write(os.environ["DTF_SLOT"] + " " + BORN + "\\n")
            time.sleep(0.3)
    """
    place = lab.directory / "seen"
    for name in ("test_one", "test_two", "test_three"):
        text = textwrap.dedent(code).replace("PLACE", repr(str(place)))
        (suite / f"{name}.py").write_text(text)
    done = lab.dtf("run", str(suite), "--hardware", "cuda", "--json")
    assert done.status == 0, done.out + done.err
    seen = place.read_text().splitlines()
    assert len(seen) == 36
    pairs = {tuple(line.split()) for line in seen}
    assert len(pairs) > 1, "several slots took part"
    assert len({slot for slot, _ in pairs}) == len({device for _, device in pairs}) == len(pairs)
    lab.assert_nothing_left()
