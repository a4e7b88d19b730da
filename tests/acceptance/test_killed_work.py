"""Work that is killed with -9, on a real cluster: by itself wherever it runs, and by a device that kills all there is.

The bad device is a worker of which every process below its guardian is killed as soon as it is seen, canaries too, as
where memory has run out. Nothing in the product knows of that.
"""

import json
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from dtf.breakers.stores import open_store
from dtf.domain.breaker import BreakerState, Target
from dtf.domain.ports.views import AttemptView
from dtf.resilience.breaker import BreakerRecord
from dtf.storage.ledger import open_ledger
from dtf.storage.migrate import migrate
from tests.acceptance.harness.place import DTF, Place, Started, until
from tests.acceptance.test_two_terminals import online
from tests.support.valkey import running_valkey

#: As learned breakers do after a while, these open after two failures; and an open one is probed soon.
SETTINGS = {"DTF_BREAKER": "constants", "DTF_BREAKER_WAIT_S": "0.5", "DTF_BREAKER_QUICK_WAIT_S": "0.5"}
#: How many slots the workers have.
SLOTS = {"sound": 4, "bad": 1}


class Lab:
    """A cluster with two workers, on directories of their own."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self.valkey = stack.enter_context(running_valkey(directory))
        self.database = f"sqlite:///{directory}/ledger.db"
        migrate(self.database)
        self.place = Place(directory, DTF_BROKER_URL=self.valkey.url, DTF_DATABASE_URL=self.database, **SETTINGS)
        stack.callback(self.place.kill_all)
        self.place.start(DTF, "coordinator")
        self.workers = {name: self._start(directory, name, slots) for name, slots in SLOTS.items()}
        assert until(lambda: online(self.place) == 2, 60, every_s=0.5), self.said

    @property
    def said(self) -> str:
        """The end of what the workers said."""
        return "".join(worker.said for worker in self.workers.values())[-4000:]

    def breakers(self) -> Mapping[Target, BreakerRecord]:
        """The breakers as they are now."""
        store = open_store(self.valkey.url)
        try:
            return store.all()
        finally:
            store.close()

    def state(self, name: str) -> BreakerState:
        """How that of one worker stands."""
        return next(record.state for target, record in self.breakers().items() if target.name.startswith(name))

    def submit(self, names: Sequence[str], code: str, max_retries: int) -> Started:
        """Submit commands and wait for them."""
        config = {"argv": [sys.executable, "-c", code]}
        each = {"type": "command", "config": config, "retry_policy": {"max_retries": max_retries}}
        path = self.place.directory / "tasks.json"
        path.write_text(json.dumps([{**each, "name": name} for name in names]))
        return self.place.start(DTF, "submit", "--task-file", str(path), "--wait", "--json")

    def attempts(self, run_id: str, name: str) -> list[AttemptView]:
        """What was tried on one worker."""
        ledger = open_ledger(self.database)
        try:
            return [attempt for attempt in ledger.views.attempts(run_id) if attempt.worker_name.startswith(name)]
        finally:
            ledger.close()

    @contextmanager
    def killing(self, name: str) -> Iterator[None]:
        """Kill whatever a worker's guardian starts."""
        over = threading.Event()
        below = psutil.Process(self.workers[name].pid).children(recursive=True)
        guardian = next(process for process in below if "guardian" in " ".join(process.cmdline()))

        def kill() -> None:
            while not over.wait(0.002):
                for process in guardian.children(recursive=True):
                    with suppress(psutil.NoSuchProcess):
                        process.send_signal(signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            yield
        finally:
            over.set()
            killer.join()

    def _start(self, directory: Path, name: str, slots: int) -> Started:
        own = {"DTF_STATE_DIR": str(directory / name)}
        return self.place.start(DTF, "worker", "--concurrency", str(slots), "--name", name, extra=own)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The cluster; its tests follow each other on it."""
    with ExitStack() as stack:
        yield Lab(tmp_path_factory.mktemp("killed"), stack)


def test_a_command_that_kills_itself_is_no_bad_device(lab: Lab) -> None:
    """Eight times the same one, each twice, over two workers: all end as infra, and no breaker has ever opened."""
    code = "import os, time; time.sleep(0.3); os.kill(os.getpid(), 9)"
    done = lab.submit(["kills itself"] * 8, code, max_retries=1).wait(120)
    assert {name: n for name, n in done.answer["counts"].items() if n} == {"infra": 8}, done.err[-3000:]
    for target, record in lab.breakers().items():
        assert (record.state, record.epoch) == (BreakerState.CLOSED, 0), f"{target}: {lab.said}"
    tried = {name: len(lab.attempts(done.answer["run_id"], name)) for name in SLOTS}
    assert sum(tried.values()) == 16, tried
    assert all(tried.values()), tried


def test_a_device_that_kills_everything_is_found(lab: Lab) -> None:
    """It opens within three jobs, and what has no retry to lose passes elsewhere; then canaries close it again."""
    with lab.killing("bad"):
        command = lab.submit([f"job {number}" for number in range(12)], "import time; time.sleep(0.5)", max_retries=0)
        assert until(lambda: lab.state("bad") is not BreakerState.CLOSED, 60), lab.said
        done = command.wait(120)
        assert done.status == 0, f"{done.err[-3000:]}{lab.said}"
        assert lab.state("sound") is BreakerState.CLOSED
    killed = [one for one in lab.attempts(done.answer["run_id"], "bad") if "killed by SIGKILL" in one.reason]
    assert 1 <= len(killed) <= 3, killed
    assert until(lambda: lab.state("bad") is BreakerState.CLOSED, 60), lab.said
