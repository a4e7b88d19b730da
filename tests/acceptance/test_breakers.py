"""Circuit breakers on a real cluster: who is to blame, and that nobody loses work to a bad device.

The bad device is a worker whose scratch directory is no directory any more: everything on it fails by the
infrastructure until somebody puts it right. Nothing in the product knows of that.
"""

import json
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dtf.breakers.stores import open_store
from dtf.domain.breaker import BreakerState, Target
from dtf.domain.outcome import Outcome
from dtf.domain.ports.views import AttemptView
from dtf.resilience.breaker import BreakerRecord
from dtf.storage.ledger import open_ledger
from dtf.storage.migrate import migrate
from tests.acceptance.harness.place import DTF, Place, Started, until
from tests.acceptance.test_two_terminals import online
from tests.support.valkey import Valkey, running_valkey

#: An open breaker is probed soon, so that the tests are short.
SETTINGS = {"DTF_BREAKER_WAIT_S": "0.5", "DTF_BREAKER_QUICK_WAIT_S": "0.5"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A cluster with two workers of one slot each, on directories of their own.

    Attributes:
        place: Where its commands work.
        valkey: Its broker, with its breakers.
        database: Its ledger.
        scratch: The scratch directory of the worker that is going to be bad.
        said: What its workers said.
    """

    place: Place
    valkey: Valkey
    database: str
    scratch: Path
    workers: tuple[Started, ...]

    @property
    def said(self) -> str:
        """What the workers said."""
        return "".join(worker.said for worker in self.workers)

    def breakers(self) -> Mapping[Target, BreakerRecord]:
        """The breakers as they are now."""
        store = open_store(self.valkey.url)
        try:
            return store.all()
        finally:
            store.close()

    def breaker(self, name: str) -> BreakerRecord:
        """That of one worker."""
        return next(record for target, record in self.breakers().items() if target.name.startswith(name))

    def attempts(self, run_id: str) -> list[AttemptView]:
        """What was tried."""
        ledger = open_ledger(self.database)
        try:
            return list(ledger.views.attempts(run_id))
        finally:
            ledger.close()

    def by_worker(self, run_id: str, name: str) -> list[AttemptView]:
        """What was tried on one worker."""
        return [attempt for attempt in self.attempts(run_id) if attempt.worker_name.startswith(name)]

    def spoil(self) -> None:
        """Make a worker bad."""
        self.scratch.rename(self.scratch.with_suffix(".away"))
        self.scratch.write_text("no directory")

    def repair(self) -> None:
        """Put it right."""
        self.scratch.unlink()
        self.scratch.with_suffix(".away").rename(self.scratch)

    def audit(self, run_id: str) -> None:
        """See that nothing is lost and nothing counts twice."""
        found = self.place.dtf("audit", run_id, "--json").answer
        assert found["ok"], found
        assert (found["lost"], found["duplicated"]) == (0, 0)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The cluster; its tests follow each other on it."""
    directory = tmp_path_factory.mktemp("breakers")
    with ExitStack() as stack:
        valkey = stack.enter_context(running_valkey(directory))
        database = f"sqlite:///{directory}/ledger.db"
        migrate(database)
        place = Place(directory, DTF_BROKER_URL=valkey.url, DTF_DATABASE_URL=database, **SETTINGS)
        stack.callback(place.kill_all)
        place.start(DTF, "coordinator")
        workers = []
        for name in ("sound", "bad"):
            own = {"DTF_STATE_DIR": str(directory / name)}
            workers.append(place.start(DTF, "worker", "--concurrency", "1", "--name", name, extra=own))
        assert until(lambda: online(place) == 2, 60, every_s=0.5), "".join(worker.said for worker in workers)
        (scratch,) = (directory / "bad" / "worker" / "scratch").iterdir()
        yield Lab(place=place, valkey=valkey, database=database, scratch=scratch, workers=tuple(workers))


def tell(figures: str) -> None:
    """Print figures that a run of the test has given."""
    sys.stdout.write(f"\n{figures}\n")


def suite(directory: Path, module: str, modules: int) -> Path:
    """A suite of modules that are all the same."""
    directory.mkdir()
    (directory / "pytest.ini").write_text("[pytest]\n")
    for number in range(modules):
        (directory / f"test_{number}.py").write_text(textwrap.dedent(module))
    return directory


#: Nothing works any more: assertions fail, and the interpreter crashes and exits, many times in a row.
BAD_COMMIT = """
    import os, signal

    def test_assertion():
        assert 1 == 2

    def test_crashes():
        os.kill(os.getpid(), signal.SIGSEGV)

    def test_exits():
        os._exit(7)
"""

#: Everything passes.
GOOD = """
    import time, pytest

    @pytest.mark.parametrize("number", range(4))
    def test_passes(number):
        time.sleep(0.1)
"""


def without_retries(path: Path, tests: Path) -> str:
    """A task file: a suite and some commands, none of which may fail by the infrastructure even once."""
    strict = {"retry_policy": {"max_retries": 0}}
    code = "import time; time.sleep(0.1)"
    tasks: list[dict[str, Any]] = [
        {"type": "command", "name": f"c{number}", "config": {"argv": [sys.executable, "-c", code]}, **strict}
        for number in range(6)
    ]
    tasks.append({"type": "test", "name": "suite", "config": {"test_file": str(tests)}, **strict})
    path.write_text(json.dumps(tasks))
    return str(path)


def test_a_bad_commit_is_no_bad_device(lab: Lab, tmp_path: Path) -> None:
    """A suite that fails and crashes everywhere, on a cold cluster: no breaker opens, each verdict is the code's."""
    done = lab.place.dtf("run", str(suite(tmp_path / "suite", BAD_COMMIT, 10)), "--json")
    assert done.status == 1, done.err[-3000:]
    counts = done.answer["counts"]
    assert (counts["failed"], counts["error"], counts["infra"]) == (10, 20, 0)
    ran = lab.attempts(done.answer["run_id"])
    assert {attempt.worker_name.partition("@")[0] for attempt in ran} == {"sound", "bad"}
    breakers = lab.breakers()
    for target, record in breakers.items():
        assert (record.state, record.epoch) == (BreakerState.CLOSED, 0), f"{target}: {lab.said[-3000:]}"
    beliefs = ", ".join(f"{record.belief.bad:.2f}" for record in breakers.values())
    tell(f"a bad commit: {len(ran)} attempts, the workers are believed to be bad with {beliefs}")


def test_a_bad_device_is_found_and_comes_back(lab: Lab, tmp_path: Path) -> None:
    """It opens within three jobs, all that has no retry to lose passes elsewhere, and canaries close it again."""
    lab.spoil()
    began = time.monotonic()
    tasks = without_retries(tmp_path / "tasks.json", suite(tmp_path / "suite", GOOD, 8))
    command = lab.place.start(DTF, "submit", "--task-file", tasks, "--wait", "--json")
    assert until(lambda: lab.breaker("bad").state is not BreakerState.CLOSED, 60), lab.said[-3000:]
    opened_s = time.monotonic() - began
    done = command.wait(60)
    assert done.status == 0, f"{done.err}{lab.said[-3000:]}"
    assert {name: n for name, n in done.answer["counts"].items() if n} == {"passed": 32 + 6}
    assert lab.breaker("bad").state is BreakerState.OPEN, "nothing but canaries closes it"
    assert lab.breaker("sound").state is BreakerState.CLOSED
    tried = lab.by_worker(done.answer["run_id"], "bad")
    failed = [attempt for attempt in tried if "cannot carry it out" in attempt.reason]
    assert len(failed) <= 3, [attempt.reason for attempt in tried]
    assert {attempt.outcome for attempt in tried} == {Outcome.INFRA}
    lab.audit(done.answer["run_id"])
    lab.repair()
    repaired = time.monotonic()
    assert until(lambda: lab.breaker("bad").state is BreakerState.CLOSED, 60), lab.said[-3000:]
    closed_s = time.monotonic() - repaired
    tell(
        f"a bad device: {len(failed)} failed jobs until its breaker opened after {opened_s:.1f} s, "
        f"{len(tried) - len(failed)} left to the other worker; closed {closed_s:.1f} s after its repair"
    )


def test_no_job_is_lost_when_redis_goes_away_meanwhile(lab: Lab, tmp_path: Path) -> None:
    """A device turns bad, and the server that keeps queues and breakers is killed and comes back empty."""
    command = lab.place.start(DTF, "run", str(suite(tmp_path / "suite", GOOD, 8)), "--json")
    lab.spoil()
    try:
        assert until(lambda: lab.breaker("bad").state is not BreakerState.CLOSED, 60), lab.said[-3000:]
        lab.valkey.kill()
        time.sleep(1.0)
        lab.valkey.start()
        done = command.wait(90)
    finally:
        lab.repair()
    assert done.status == 0, f"{done.err}{lab.said[-3000:]}"
    assert {name: n for name, n in done.answer["counts"].items() if n} == {"passed": 32}
    lab.audit(done.answer["run_id"])
