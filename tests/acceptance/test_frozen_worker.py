"""A worker that is frozen for longer than its lease is superseded, and its tree is gone when it wakes."""

import signal
import time
from pathlib import Path
from typing import Any

import psutil

from tests.acceptance.harness.place import DTF, Place, until
from tests.acceptance.harness.processes import role_of
from tests.acceptance.harness.suites import mixed_suite
from tests.acceptance.test_two_terminals import up


def test_a_frozen_worker_is_superseded(tmp_path: Path) -> None:
    """Leases of 5 s, every process of one worker frozen for 10 s: superseded, its late result stale, its tree gone."""
    place = Place(tmp_path, DTF_LEASE_S="5", DTF_POLL_S="1")
    try:
        cluster = up(place, "--workers", "2")
        suite = mixed_suite(tmp_path / "suite", modules=4, each=25, seconds=0.3)
        command = place.start(DTF, "run", str(suite.path), "--workers", "2", "--json")
        assert until(lambda: len(suite.started()) > 15, 60)
        frozen = freeze_one_worker(place)
        runners = [process for process in frozen if role_of(process) == "runner"]
        assert runners
        time.sleep(10)
        for process in runners:
            process.send_signal(signal.SIGCONT)
        time.sleep(1)  # so that what they ran is there when their guardian wakes
        for process in reversed(frozen):
            process.send_signal(signal.SIGCONT)
        assert until(lambda: not any(still_runs(process) for process in runners), 60), "the frozen tree still runs"
        done = command.wait(200)
        assert suite.counts_equal(done.answer["counts"])

        def audit() -> dict[str, Any]:
            answer: dict[str, Any] = place.dtf("audit", done.answer["run_id"], "--json").answer
            return answer

        # the run may be over before the late result has come
        assert until(lambda: audit()["stale_results"] >= 1, 60, every_s=0.5), audit()
        found = audit()
        assert found["ok"]
        assert (found["lost"], found["duplicated"]) == (0, 0)
        cluster.process.terminate()
        cluster.wait(60)
        place.assert_nothing_left()
    finally:
        place.kill_all()


def freeze_one_worker(place: Place) -> list[psutil.Process]:
    """Stop every process of one worker; return them, the main process first."""
    worker = place.processes().of("worker")[0]
    frozen = [worker, *worker.children(recursive=True)]
    for process in frozen:
        process.send_signal(signal.SIGSTOP)
    return frozen


def still_runs(process: psutil.Process) -> bool:
    """Whether this very process still runs."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
