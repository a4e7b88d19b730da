"""A cluster that stays in one terminal, commands that find it in another, without a setting."""

import sys
from pathlib import Path

from tests.acceptance.harness.place import CELERY, DTF, Place, Started, until


def up(place: Place, *arguments: str) -> Started:
    """Start `dtf up` and wait until its workers are there."""
    command = place.start(DTF, "up", *arguments)
    wanted = int(arguments[arguments.index("--workers") + 1]) if "--workers" in arguments else 1
    assert until(lambda: online(place) >= wanted, 60, every_s=0.5), command.said
    return command


def online(place: Place) -> int:
    """How many workers are there."""
    done = place.dtf("workers", "--json")
    workers = done.answer if done.status == 0 else []
    workers = workers["workers"] if isinstance(workers, dict) else workers
    return sum(worker["state"] == "online" for worker in workers)


def task_file(directory: Path, name: str = "task.json", hardware: str = "cpu", code: str = "print('hello')") -> str:
    """Write a task file with one command."""
    import json

    path = directory / name
    config = {"argv": [sys.executable, "-c", code], "hardware_requirements": {"hardware": hardware}}
    path.write_text(json.dumps({"type": "command", "name": name, "config": config}))
    return str(path)


def test_submit_worker_and_status_find_the_cluster(place: Place, tmp_path: Path) -> None:
    """`dtf submit --wait`, `celery -A dtf worker -Q cpu` and `dtf status` find the cluster that `dtf up` holds."""
    cluster = up(place, "--workers", "1")
    done = place.dtf("submit", "--task-file", task_file(tmp_path), "--wait", "--json")
    assert done.status == 0, done.err
    worker = place.start(CELERY, "-A", "dtf", "worker", "-Q", "cpu", "-c", "1", "-n", "second@%h")
    assert until(lambda: online(place) == 2, 60, every_s=0.5), worker.said
    assert place.dtf("status", "--json").status == 0
    worker.process.terminate()
    worker.wait(60)
    cluster.process.terminate()
    cluster.wait(60)
    place.assert_nothing_left()


def test_a_queue_that_no_device_serves(place: Place, tmp_path: Path) -> None:
    """A worker for cuda without CUDA starts and says that no device serves it; `dtf why` says what a job waits for."""
    cluster = up(place, "--workers", "1")
    worker = place.start(CELERY, "-A", "dtf", "worker", "-Q", "cuda", "-c", "1", "-n", "cuda@%h")
    assert until(lambda: "no device" in worker.said.lower(), 60), worker.said
    assert worker.running
    submitted = place.dtf("submit", "--task-file", task_file(tmp_path, hardware="cuda"), "--json")
    assert submitted.status == 0, submitted.err
    job = submitted.answer["job_ids"][0]
    why = place.dtf("why", job)
    assert "cuda" in why.out, why.out
    assert "hardware" in why.out, why.out
    for command in (worker, cluster):
        command.process.terminate()
        command.wait(60)
    place.assert_nothing_left()


def test_a_submission_waits_for_a_cluster(place: Place, tmp_path: Path) -> None:
    """Without a cluster `dtf submit` queues and says how to start one; the next `dtf up` runs it."""
    mark = tmp_path / "mark"
    code = f"open({str(mark)!r}, 'a').write('once ')"
    submitted = place.dtf("submit", "--task-file", task_file(tmp_path, code=code))
    assert submitted.status == 0, submitted.err
    assert "dtf up" in submitted.out + submitted.err
    assert not mark.exists()
    place.assert_nothing_left()
    cluster = up(place, "--workers", "1")
    assert until(mark.exists, 60)
    cluster.process.terminate()
    cluster.wait(60)
    assert mark.read_text() == "once "
    place.assert_nothing_left()


def test_two_runs_share_the_cluster(place: Place, tmp_path: Path) -> None:
    """Two `dtf run` at once share one private cluster, and both end right."""
    from tests.acceptance.harness.suites import mixed_suite

    suites = [mixed_suite(tmp_path / name, modules=2, each=20) for name in ("one", "two")]
    commands = [place.start(DTF, "run", str(suite.path), "--workers", "2", "--json") for suite in suites]
    brokers = set()
    while any(command.running for command in commands):
        brokers |= {process.pid for process in place.processes().of("broker")}
    for suite, command in zip(suites, commands, strict=True):
        assert suite.counts_equal(command.wait(60).answer["counts"])
    assert len(brokers) == 1
    place.assert_nothing_left()
