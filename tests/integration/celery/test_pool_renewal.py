from pathlib import Path

from dtf.storage.hints import CeleryHints
from tests.integration.celery.conftest import StartWorker
from tests.support.celery_worker import CeleryWorker, is_running, wait_for
from tests.support.stand_in_guardian import StandInClient


def _children(worker: CeleryWorker) -> set[int]:
    """The pool's children: the worker's, without its guardian."""
    text = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text()
    guardian = worker.started()[-1]["pid"]
    return {int(pid) for pid in text.split() if int(pid) != guardian}


def _ask(worker: CeleryWorker) -> None:
    parents = (worker.output_file.parent, Path("/tmp"))
    (directory,) = (path for parent in parents for path in parent.glob(f"dtf-worker-{worker.pid}-*"))
    StandInClient(directory / "guardian.sock").announce({"new_children": True, "task_id": "", "slots": []})


def test_idle_children_are_replaced_and_the_worker_goes_on(start_worker: StartWorker, hints: CeleryHints) -> None:
    """When the guardian asks for it, each idle child is followed by a new one, and the next hints are run by them."""
    worker = start_worker("-c", "2")
    for number in range(2):  # so that both are up
        hints.send_shard("cpu", f"s500x{number}")
    wait_for(lambda: len(worker.answered()) == 2, worker.output)
    before = _children(worker)
    _ask(worker)
    wait_for(lambda: not any(is_running(pid) for pid in before), worker.output)
    wait_for(lambda: len(_children(worker)) == len(before), worker.output)
    for number in range(4):
        hints.send_shard("cpu", f"s{number}")
    wait_for(lambda: len(worker.answered()) == 6, worker.output)
    assert len(worker.started()) == 1, "its guardian stayed"


def test_a_busy_child_is_left_alone(start_worker: StartWorker, hints: CeleryHints) -> None:
    """Who carries a hint finishes it: the only child of a worker is not replaced while its shard runs."""
    worker = start_worker("-c", "1")
    (child,) = _children(worker)
    hints.send_shard("cpu", "s1500xlong")
    wait_for(lambda: worker.events("asked"), worker.output)
    _ask(worker)
    wait_for(lambda: "are not replaced: they are busy" in worker.output(), worker.output)
    wait_for(lambda: worker.answered() == ["s1500xlong"], worker.output)
    assert is_running(child)


def test_a_pool_of_threads_has_no_children(start_worker: StartWorker, hints: CeleryHints) -> None:
    """It says so, and runs on."""
    worker = start_worker("-c", "1", "-P", "threads")
    _ask(worker)
    wait_for(lambda: "no children that could be replaced" in worker.output(), worker.output)
    hints.send_shard("cpu", "sabc")
    wait_for(lambda: worker.answered() == ["sabc"], worker.output)
