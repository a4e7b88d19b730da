import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dtf.execution.socket_directory import remove_abandoned
from dtf.storage.hints import CeleryHints
from tests.integration.celery.conftest import StartWorker
from tests.support.celery_worker import ROOT, CeleryWorker, is_running, wait_for
from tests.support.stand_in_app import (
    BROKER_VARIABLE,
    COMMAND_VARIABLE,
    PATIENCE_VARIABLE,
    READY_VARIABLE,
    SIMULATE_VARIABLE,
)
from tests.support.stand_in_guardian import StandInClient
from tests.support.valkey import Valkey, running_valkey


def _registered(worker: CeleryWorker) -> dict[str, object]:
    data = worker.started()[-1]["data"]
    assert isinstance(data, dict)
    return data


def _socket_directories(worker: CeleryWorker) -> list[Path]:
    parents = {worker.output_file.parent, Path("/tmp")}
    return [path for parent in parents for path in parent.glob(f"dtf-worker-{worker.pid}-*")]


def _guardian(worker: CeleryWorker) -> int:
    pid = worker.started()[-1]["pid"]
    assert isinstance(pid, int)
    return pid


@pytest.mark.parametrize("pool", ["prefork", "solo", "threads"])
def test_a_hint_reaches_the_guardian(start_worker: StartWorker, hints: CeleryHints, pool: str) -> None:
    """Each kind of pool finds the guardian's socket and has it run the shard that a hint names."""
    worker = start_worker("-c", "2", "-P", pool)
    hints.send_shard("cpu", "sabc")
    wait_for(lambda: worker.answered() == ["sabc"], worker.output)
    assert "'outcome': 'passed'" in worker.output()


def test_spawned_children_are_refused(start_worker: StartWorker) -> None:
    """Pool children that would not inherit the guardian's address are refused at the start, with the reason."""
    worker = start_worker("--pool-start-method", "spawn", ready=False)
    assert worker.wait() == 1
    assert "pool children are forked" in worker.output()


def test_it_consumes_the_queues_of_its_devices(start_worker: StartWorker, hints: CeleryHints) -> None:
    """Without -Q a worker consumes the cpu queue and that of each device it found, and registers them."""
    worker = start_worker("-c", "1", **{SIMULATE_VARIABLE: "cuda:2"})
    hints.send_shard("cuda", "sabc")
    wait_for(lambda: worker.answered() == ["sabc"], worker.output)
    info = _registered(worker)
    assert info["queues"] == ["cpu", "cuda", "gpu"]
    assert info["slots"] == 3, "one for the CPU, and one for each device"
    assert info["pid"] == worker.pid
    assert "simulated cuda (simulated)" in worker.output()


def test_hints_of_one_kind_do_not_block_another(start_worker: StartWorker, hints: CeleryHints) -> None:
    """While the CPU's slot is busy and more hints for it wait, the GPU's slot takes what comes for the GPU."""
    worker = start_worker("-c", "1", **{SIMULATE_VARIABLE: "cuda:1"})
    for name in ("one", "two", "three"):
        hints.send_shard("cpu", f"s60000x{name}")
    wait_for(lambda: len(worker.events("asked")) == 1, worker.output)
    hints.send_shard("cuda", "sgpu")
    wait_for(lambda: worker.answered() == ["sgpu"], worker.output)
    assert len(worker.events("asked")) == 2, "no second hint for the CPU was taken"
    assert hints.length("cpu") == 2
    worker.signal(signal.SIGQUIT)


def test_requirement_queues_that_are_named(start_worker: StartWorker, hints: CeleryHints) -> None:
    """With -Q a worker serves just the requirement queues that it satisfies, and puts the others' hints back."""
    worker = start_worker("-Q", "cpu[ Cores >= 1 ],cpu[cores>=4096]")
    assert _registered(worker)["queues"] == ["cpu[cores>=1]"]
    assert "no device here serves the queue cpu[cores>=4096]" in worker.output()
    hints.send_shard("cpu", "snot")
    hints.send_shard("cpu[cores>=1]", "sone")
    wait_for(lambda: worker.answered() == ["sone"], worker.output)
    assert hints.length("cpu") == 1


def test_a_queue_that_its_guardian_names_is_consumed(start_worker: StartWorker, hints: CeleryHints) -> None:
    """A requirement queue is consumed when the guardian says so, and no more when it says that."""
    queue = "cpu[cores>=1]"
    worker = start_worker("-c", "1")
    hints.send_shard(queue, "sone")
    _announce(worker, queue)
    wait_for(lambda: worker.answered() == ["sone"], worker.output)
    _announce(worker)
    wait_for(lambda: f"Canceling queue {queue}" in worker.output(), worker.output)
    hints.send_shard("cpu", "stwo")
    wait_for(lambda: worker.answered() == ["sone", "stwo"], worker.output)
    _announce(worker, queue)
    hints.send_shard(queue, "sthree")
    wait_for(lambda: len(worker.answered()) == 3, worker.output)


def _announce(worker: CeleryWorker, *queues: str) -> None:
    """Let the worker's guardian say which queues it serves."""
    (directory,) = _socket_directories(worker)
    StandInClient(directory / "guardian.sock").announce({"queues": queues, "task_id": "", "slots": []})


def test_cuda_without_a_device(start_worker: StartWorker, hints: CeleryHints) -> None:
    """With -Q cuda and no device a worker starts and consumes, says so, registers no queue, and passes hints on."""
    worker = start_worker("-c", "1", "-Q", "cuda")
    assert re.search(r"> cuda +exchange=cuda", worker.output())
    assert "no device here serves the queue cuda" in worker.output()
    assert _registered(worker)["queues"] == []
    hints.send_shard("cuda", "sabc")
    wait_for(lambda: "the hint was put back" in worker.output(), worker.output)
    able = start_worker("-c", "1", "-Q", "cuda", "-n", "able@%h", **{SIMULATE_VARIABLE: "cuda:1"})
    wait_for(lambda: able.answered() == ["sabc"], able.output)
    assert worker.answered() == []


def test_no_mingle_no_gossip_no_key_left(start_worker: StartWorker, valkey: Valkey, hints: CeleryHints) -> None:
    """A worker neither searches for neighbours nor leaves reply queues or unacknowledged messages behind."""
    worker = start_worker("-c", "1")
    hints.send_shard("cpu", "sabc")
    wait_for(worker.answered, worker.output)
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    assert "mingle" not in worker.output()
    keys = set(map(str, valkey.client.keys("*")))
    assert not [key for key in keys if "pidbox" in key or "unacked" in key or key == str(b"cpu")], keys


def test_a_term_signal_waits_for_the_running_shard(start_worker: StartWorker, hints: CeleryHints) -> None:
    """SIGTERM lets the running shard end, takes no other, drains and ends the guardian and removes its socket."""
    worker = start_worker("-c", "1")
    hints.send_shard("cpu", "s2500xone")
    wait_for(lambda: worker.events("asked"), worker.output)
    hints.send_shard("cpu", "stwo")
    assert len(_socket_directories(worker)) == 1
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    assert worker.events("answered")[0]["data"] == {"drain": True}, "it was told to drain while the shard ran"
    assert worker.answered() == ["s2500xone"]
    assert hints.length("cpu") == 1
    assert not is_running(_guardian(worker))
    assert not _socket_directories(worker)
    assert "Traceback" not in worker.output()


def test_a_quit_signal_waits_for_nothing(start_worker: StartWorker, hints: CeleryHints) -> None:
    """SIGQUIT ends the worker at once, with its guardian."""
    worker = start_worker("-c", "1")
    hints.send_shard("cpu", "s60000xlong")
    wait_for(lambda: worker.events("asked"), worker.output)
    began = time.monotonic()
    worker.signal(signal.SIGQUIT)
    worker.wait()
    assert time.monotonic() - began < 50
    assert worker.answered() == []
    assert not is_running(_guardian(worker))


def test_a_killed_worker_takes_its_children_along(start_worker: StartWorker) -> None:
    """After kill -9 of the main process neither a pool child nor the guardian is left."""
    worker = start_worker("-c", "2")
    children = [int(pid) for pid in Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()]
    assert len(children) >= 2
    worker.signal(signal.SIGKILL)
    wait_for(lambda: not any(is_running(pid) for pid in [*children, _guardian(worker)]), worker.output)


def test_a_killed_pool_child_is_replaced(start_worker: StartWorker, hints: CeleryHints) -> None:
    """After kill -9 of the child that runs a shard, another child takes the next hint."""
    worker = start_worker("-c", "1")
    hints.send_shard("cpu", "s60000xlong")
    wait_for(lambda: worker.events("asked"), worker.output)
    children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
    (child,) = (int(pid) for pid in children if int(pid) != _guardian(worker))
    os.kill(child, signal.SIGKILL)
    hints.send_shard("cpu", "snext")
    wait_for(lambda: worker.answered() == ["snext"], worker.output)
    assert len(worker.started()) == 1


def test_a_worker_without_a_ready_guardian_can_be_stopped(start_worker: StartWorker) -> None:
    """SIGTERM ends a worker soon that still waits for its guardian."""
    worker = start_worker("-c", "1", ready=False, STAND_IN_GUARDIAN_COMMAND="exec sleep 600")
    wait_for(lambda: "[queues]" in worker.output(), worker.output)
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0


def test_directories_of_killed_workers_are_removed(tmp_path: Path) -> None:
    """A worker that starts removes the empty directories of workers that are gone, and no others."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for name in (f"dtf-worker-{gone.pid}-a", f"dtf-worker-{os.getpid()}-b", f"dtf-worker-{gone.pid}-full/x", "dtf-x"):
        (tmp_path / name).mkdir(parents=True)
    remove_abandoned(tmp_path)
    left = {f"dtf-worker-{os.getpid()}-b", f"dtf-worker-{gone.pid}-full", "dtf-x"}
    assert {path.name for path in tmp_path.iterdir()} == left


def test_a_dead_guardian_is_replaced(start_worker: StartWorker, hints: CeleryHints) -> None:
    """A killed guardian is started again for the same worker; its shard is left to the ledger, the next one runs."""
    worker = start_worker("-c", "1")
    hints.send_shard("cpu", "s60000xlong")
    wait_for(lambda: worker.events("asked"), worker.output)
    first = _registered(worker)
    killed = _guardian(worker)
    os.kill(killed, signal.SIGKILL)
    # a hint that meets it while it dies is left to the ledger, too
    wait_for(lambda: not psutil.pid_exists(killed), worker.output)
    hints.send_shard("cpu", "snext")
    wait_for(lambda: worker.answered() == ["snext"], worker.output)
    assert len(worker.started()) == 2
    assert _registered(worker)["worker_id"] == first["worker_id"]
    assert "the guardian is gone, shard s60000xlong is left to the ledger" in worker.output()


def test_a_broker_that_was_restarted_is_used_at_once(
    start_worker: StartWorker, hints: CeleryHints, valkey: Valkey
) -> None:
    """A broker killed and restarted empty within 5 s gets the worker and the sender back soon."""
    worker = start_worker("-c", "1")
    hints.send_shard("cpu", "sone")
    wait_for(lambda: worker.answered() == ["sone"], worker.output)
    incarnation = hints.incarnation()
    valkey.kill()
    time.sleep(4)
    valkey.start()
    began = time.monotonic()
    hints.send_shard("cpu", "stwo")
    wait_for(lambda: worker.answered() == ["sone", "stwo"], worker.output)
    assert time.monotonic() - began < 30
    assert hints.incarnation() != incarnation


def test_a_worker_waits_for_its_broker(start_worker: StartWorker, hints: CeleryHints, valkey: Valkey) -> None:
    """A worker that starts before its broker begins to work when that is there."""
    valkey.kill()
    worker = start_worker("-c", "1", ready=False)
    wait_for(lambda: "Cannot connect to redis://" in worker.output(), worker.output)
    valkey.start()
    worker.ready()
    hints.send_shard("cpu", "sone")
    wait_for(lambda: worker.answered() == ["sone"], worker.output)


def test_a_broker_that_evicts_is_refused(tmp_path: Path) -> None:
    """A worker ends with status 1 and a clear message where the broker drops keys under memory pressure."""
    with running_valkey(tmp_path, "--maxmemory-policy", "allkeys-lru") as server:
        worker = CeleryWorker(tmp_path, server.url)
        worker.start()
        assert worker.wait() == 1
    assert "the broker's maxmemory-policy is allkeys-lru" in worker.output()
    assert "Traceback" not in worker.output()
    assert worker.started() == []


def test_a_guardian_that_refuses_ends_the_worker(start_worker: StartWorker) -> None:
    """Where the guardian cannot be started, the worker ends with status 1 and says why, instead of taking hints."""
    worker = start_worker("-c", "1", ready=False, STAND_IN_GUARDIAN_COMMAND="exit 2")
    assert worker.wait() == 1
    assert "the guardian refused to start (status 2)" in worker.output()


def test_a_guardian_that_needs_several_starts_is_waited_for(
    start_worker: StartWorker, hints: CeleryHints, tmp_path: Path
) -> None:
    """While the database is away guardians end or hang at their start; the worker takes work when one is ready."""
    tries = tmp_path / "tries"
    stand_in = f'{sys.executable} -m tests.support.stand_in_guardian "$0" "$@"'
    command = f"echo >> {tries}; case $(wc -l < {tries}) in 1) exit 10;; 2) sleep 60;; *) exec {stand_in};; esac"
    limits = {READY_VARIABLE: "3", COMMAND_VARIABLE: command}
    worker = start_worker("-c", "1", **limits)
    hints.send_shard("cpu", "sabc")
    wait_for(lambda: worker.answered() == ["sabc"], worker.output)
    assert "is not ready after 3 s" in worker.output()


def test_a_guardian_that_is_never_ready_ends_the_worker(start_worker: StartWorker) -> None:
    """After its patience the worker ends with status 1 and says so; what started it may start it again."""
    limits = {PATIENCE_VARIABLE: "3", COMMAND_VARIABLE: "exit 10"}
    worker = start_worker("-c", "1", ready=False, **limits)
    assert worker.wait() == 1
    assert "the worker ends: no guardian was ready within 3 s" in worker.output()


def test_remote_shutdown_is_warm(start_worker: StartWorker, hints: CeleryHints, valkey: Valkey) -> None:
    """``celery control shutdown`` ends a worker when its shard has ended."""
    worker = start_worker("-c", "1")
    hints.send_shard("cpu", "s1500xone")
    wait_for(lambda: worker.events("asked"), worker.output)
    subprocess.run(
        [sys.executable, "-m", "celery", "-A", "tests.support.stand_in_app", "control", "shutdown"],
        cwd=ROOT,
        env={**os.environ, BROKER_VARIABLE: valkey.url},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert worker.wait() == 0
    assert worker.answered() == ["s1500xone"]


def test_remote_control_works(start_worker: StartWorker, valkey: Valkey) -> None:
    """``celery inspect active_queues`` lists the queues that a worker consumes."""
    start_worker("-c", "1", "-Q", "cuda,cpu")
    answer = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "tests.support.stand_in_app", "inspect", "active_queues", "--json"],
        cwd=ROOT,
        env={**os.environ, BROKER_VARIABLE: valkey.url},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert set(re.findall(r'"name": "(\w+)", "exchange"', answer.stdout)) == {"cuda", "cpu"}
