import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dtf.breakers.config import BreakerConfig
from dtf.breakers.learner_process import Order
from dtf.breakers.learner_step import LearnerStep
from dtf.breakers.redis_address import RedisAddress
from dtf.domain.worker import WorkerInfo
from dtf.execution.guardian_process import GuardianProcess

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

ForkInTheMiddle = Callable[[], None]


@pytest.fixture
def fork_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> Iterator[ForkInTheMiddle]:
    """Fork a child that stays, at the moment at which another thread starts a program."""
    starting, forked = threading.Event(), threading.Event()
    start, children = subprocess._fork_exec, []  # type: ignore[attr-defined]

    def start_slowly(*arguments: Any) -> int:
        starting.set()
        forked.wait(0.5)  # a fork that is held back comes later
        return int(start(*arguments))

    def fork() -> None:
        assert starting.wait(30)
        child = os.fork()
        if child == 0:
            signal.pause()
            os._exit(0)
        children.append(child)
        forked.set()

    monkeypatch.setattr(subprocess, "_fork_exec", start_slowly)
    yield fork
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_guardian_starts_while_the_pool_forks(fork_in_the_middle: ForkInTheMiddle, tmp_path: Path) -> None:
    """A pool child forked while the guardian starts does not hold up its start, nor the worker's end."""
    guardian = GuardianProcess(
        (sys.executable, "-c", "print('ready', flush=True); import time; time.sleep(60)"),
        None,
        worker=WorkerInfo(
            worker_id="w", name="n", host="h", fingerprint="f", pid=os.getpid(), queues=("cpu",), slots=1
        ),
        socket=tmp_path / "guardian.sock",
        ready_s=30,
        hear=lambda _: None,
        ended=lambda: None,
    )
    guardian.start()
    fork_in_the_middle()
    ready = guardian.wait_ready(20)
    assert ready
    guardian.stop(20)
    assert guardian.pid is not None
    assert not Path(f"/proc/{guardian.pid}").exists()


def test_a_learner_starts_and_ends_while_the_pool_forks(
    fork_in_the_middle: ForkInTheMiddle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Pool children forked while the learner starts or runs hold up neither its start nor its end."""
    said = tmp_path / "said"
    program = tmp_path / "learner"
    program.write_text(f"#!/bin/sh\nread order\necho told > {said}\nread end\necho $end >> {said}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    order = Order(address=RedisAddress(urls=("redis://127.0.0.1:1",)), config=BreakerConfig(), interval_s=1.0)
    worker = SimpleNamespace(app=None)
    step = LearnerStep(worker)
    monkeypatch.setattr(step, "_order", lambda _: order)
    step.start(worker)
    fork_in_the_middle()
    _until(lambda: said.exists() and "told" in said.read_text())
    fork_in_the_middle()
    step.stop(worker)
    assert said.read_text().split() == ["told", "end"]


def _until(condition: Callable[[], bool]) -> None:
    waited = threading.Event()
    for _ in range(600):
        if condition():
            return
        waited.wait(0.05)
    pytest.fail("not within 30 s")
