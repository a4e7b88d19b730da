"""A ledger, a stand-in for a worker's main process, and real guardians beside it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Self, TypeVar

import sqlalchemy as sa

from dtf.domain.codec import to_json
from dtf.domain.ports.views import AttemptView, ShardView
from dtf.domain.shard import Requeue, ShardKind, ShardPlan
from dtf.domain.slot import Slot
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import JobSpec, RunSpec
from dtf.domain.work import CommandWork, PytestWork
from dtf.domain.worker import Device, WorkerInfo
from dtf.execution.guardian.messages import ShardReply
from dtf.execution.guardian_client import GuardianClient
from dtf.storage.ledger import open_ledger
from dtf.storage.ledger.schema import shards
from dtf.storage.migrate import migrate

T = TypeVar("T")
REPOSITORY = Path(__file__).parents[3]

#: How long a test waits for what is to happen, in seconds.
PATIENCE_S = 60.0


def until(condition: Callable[[], T], within_s: float = PATIENCE_S) -> T:
    """Wait until a condition holds, and return what it gave."""
    deadline = time.monotonic() + within_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError("it did not come to pass in time")
        time.sleep(0.02)
    return value


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class GuardianProcess:
    """A real guardian."""

    def __init__(self, told: dict[str, Any], log: Path) -> None:
        self.log = log
        with log.open("ab") as file:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "tests.support.guardian_main"],
                cwd=REPOSITORY,
                env={**os.environ, "DTF_DATABASE_URL": "sqlite:///secret", "KEPT": "yes"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
            )
        assert self.popen.stdin
        assert self.popen.stdout
        self.popen.stdin.write(json.dumps(told).encode() + b"\n")
        self.popen.stdin.flush()
        self.client = GuardianClient(Path(told["socket"]), patience_s=2.0)

    def ready(self) -> "GuardianProcess":
        """Wait until it takes work."""
        assert self.popen.stdout
        assert self.popen.stdout.readline() == b"ready\n", self.log.read_text()
        return self

    def end(self) -> None:
        """Kill it, whatever state it is in."""
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()
        for stream in (self.popen.stdin, self.popen.stdout):
            if stream:
                stream.close()


class Laboratory:
    """A ledger, a stand-in for a worker's main process, and real guardians beside it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.url = f"sqlite:///{place}/ledger.db"
        migrate(self.url)
        self.ledger = open_ledger(self.url)
        self.work = place / "work"
        self.work.mkdir()
        self.worker = subprocess.Popen(["/bin/sleep", "600"])
        self.gpus: tuple[Device, ...] = ()
        self.breaker = "off"
        self.store = "memory://"
        self._guardians: list[GuardianProcess] = []

    def guardian(self, worker_id: str = "w1", **settings: float) -> GuardianProcess:
        """Start a guardian and wait until it takes work."""
        return self.start_guardian(worker_id, **settings).ready()

    def start_guardian(self, worker_id: str = "w1", **settings: float) -> GuardianProcess:
        """Start a guardian."""
        worker = WorkerInfo(
            worker_id=worker_id,
            name="celery@here",
            host="here",
            fingerprint="f",
            pid=self.worker.pid,
            queues=("cpu", *(("cuda",) if self.gpus else ())),
            slots=2 + len(self.gpus),
            devices=(Device(kind="cpu", name="c", uuid="f"), *self.gpus),
            slot_table=(
                *(Slot(number=number, tags=("cpu",), devices=("f",)) for number in (0, 1)),
                *(Slot(number=n, tags=("cuda",), devices=(gpu.uuid,)) for n, gpu in enumerate(self.gpus, start=2)),
            ),
        )
        told = {
            "url": self.url,
            "socket": str(self.place / f"{worker_id}.sock"),
            "worker": to_json(worker),
            "worker_pid": self.worker.pid,
            "root": str(self.place / "root"),
            "trouble": str(self.place / "trouble"),
            "breaker": self.breaker,
            "store": self.store,
            "settings": {"lease_s": 30.0, "poll_s": 0.3, "heartbeat_s": 0.5, **settings},
        }
        self._guardians.append(GuardianProcess(told, self.place / "guardian.log"))
        return self._guardians[-1]

    def submit(self, *argv: str, source: Source | None = None, **job: Any) -> str:
        """Submit a command; return the id of its shard."""
        artifacts = job.pop("artifacts", ())
        environment = job.pop("environment", {})
        spec = JobSpec(
            name="command",
            work=CommandWork(argv=argv, artifacts=artifacts, environment=environment),
            source=source or Source(kind=SourceKind.PATH, location=str(self.work)),
            **job,
        )
        submitted = self.ledger.submissions.submit(RunSpec(jobs=(spec,)))
        return self.ledger.views.shards(submitted.job_ids[0])[0].shard_id

    def suite(self, *cases: str, cut: Sequence[Sequence[int]], max_failures: int = 0) -> list[str]:
        """Submit a suite for ``ChainExecutor``, collect it and cut it; return the ids of its shards by rank."""
        guardian = self.guardian("collector")
        source = Source(kind=SourceKind.PATH, location=str(self.work))
        spec = JobSpec(name="suite", work=PytestWork(paths=cases, max_failures=max_failures), source=source)
        job_id = self.ledger.submissions.submit(RunSpec(jobs=(spec,))).job_ids[0]
        self.run(guardian, self.ledger.views.shards(job_id)[0].shard_id)
        term = self.ledger.leadership.acquire("laboratory", 60.0)
        assert term
        plans = [
            ShardPlan(ordinals=tuple(ordinals), affinity="m.py", predicted_s=1.0, rank=rank)
            for rank, ordinals in enumerate(cut)
        ]
        self.ledger.control.store_plan(term, job_id, plans)
        found = [shard for shard in self.ledger.views.shards(job_id) if shard.kind == ShardKind.RUN]
        return [shard.shard_id for shard in sorted(found, key=lambda shard: shard.rank)]

    def trouble(self, kind: str) -> None:
        """Let the guardians' ledger be ``away``, or refuse results (``refuses``); empty: no more."""
        path = self.place / "trouble"
        if kind:
            path.write_text(kind)
        else:
            path.unlink()

    def python(self, code: str, **job: Any) -> str:
        """Submit a Python program."""
        return self.submit(sys.executable, "-c", code, **job)

    def run(self, guardian: GuardianProcess, shard_id: str, queue: str = "cpu") -> ShardReply:
        """Have a shard run and wait for the end."""
        return guardian.client.run_shard(shard_id, "t", queue)

    def begin(self, guardian: GuardianProcess, shard_id: str) -> "Asker":
        """Have a shard run, asked for by a process of its own."""
        return Asker(guardian, shard_id)

    def shard(self, shard_id: str) -> ShardView:
        """How a shard stands."""
        job_id = self.ledger.database.read(
            lambda connection: connection.scalar(sa.select(shards.c.job_id).where(shards.c.shard_id == shard_id))
        )
        return next(shard for shard in self.ledger.views.shards(str(job_id)) if shard.shard_id == shard_id)

    def losses(self, shard_id: str) -> int:
        """How often a shard was given back because a process had gone."""
        wanted = sa.select(shards.c.losses).where(shards.c.shard_id == shard_id)
        return int(self.ledger.database.read(lambda connection: connection.execute(wanted).scalar_one()))

    def attempts(self, shard_id: str) -> list[AttemptView]:
        """What was tried."""
        run_id = self.ledger.views.job(self.shard(shard_id).job_id).run_id
        return list(self.ledger.views.attempts(run_id))

    def run_id(self, shard_id: str) -> str:
        """The run of a shard."""
        return self.ledger.views.job(self.shard(shard_id).job_id).run_id

    def log(self, shard_id: str) -> bytes:
        """What the ledger keeps of a shard's log."""
        return b"".join(data for _, _, _, data in self.ledger.views.log(self.run_id(shard_id)))

    def expire(self) -> int:
        """Do what the coordinator does with attempts whose lease has ended."""
        term = self.ledger.leadership.acquire("laboratory", 60.0)
        assert term
        lost = self.ledger.control.lost_attempts()
        return sum(self.ledger.control.expire(term, attempt, Requeue()) for attempt in lost)

    def pid(self, name: str = "pid") -> int:
        """The pid that a program under test wrote into a file."""
        path = self.work / name
        return int(until(lambda: path.exists() and path.read_text().strip()))

    def close(self) -> None:
        """End everything."""
        for guardian in self._guardians:
            if guardian.popen.poll() is None:
                guardian.popen.send_signal(signal.SIGCONT)
                guardian.popen.terminate()
                try:
                    guardian.popen.wait(30)
                except subprocess.TimeoutExpired:
                    guardian.popen.kill()
            guardian.end()
        self.worker.kill()
        self.worker.wait()
        self.ledger.close()


class Asker:
    """A process that waits for the guardian's answer, as a Celery child does."""

    def __init__(self, guardian: GuardianProcess, shard_id: str) -> None:
        code = (
            "import sys; from pathlib import Path; from dtf.execution.guardian_client import GuardianClient\n"
            f"print(GuardianClient(Path({str(guardian.client._path)!r})).run_shard({shard_id!r}, 't', 'cpu'))"
        )
        self.popen = subprocess.Popen(
            [sys.executable, "-c", code], cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.popen.kill()
        self.popen.wait()
        if self.popen.stdout:
            self.popen.stdout.close()

    def answer(self) -> str:
        """What it printed."""
        with closing(self.popen.stdout) as output:  # type: ignore[type-var]  # it is a pipe
            text = output.read().decode()  # type: ignore[union-attr]  # as above
        self.popen.wait()
        return text
