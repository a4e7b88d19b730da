import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dtf.domain.outcome import Outcome
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import JobSpec, RunSpec
from dtf.domain.work import CommandWork
from dtf.domain.worker import WorkerState
from dtf.storage.hints import CeleryHints
from dtf.storage.ledger import Ledger, open_ledger
from dtf.storage.migrate import migrate
from tests.support.celery_worker import is_running, wait_for
from tests.support.valkey import Valkey


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A new database."""
    migrate(_url(tmp_path))
    opened = open_ledger(_url(tmp_path))
    yield opened
    opened.close()


def _url(directory: Path) -> str:
    return f"sqlite:///{directory}/ledger.sqlite"


@contextmanager
def _worker(directory: Path, valkey: Valkey, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """``celery -A dtf worker`` in cluster mode."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DTF_")}
    environment |= {"DTF_BROKER_URL": valkey.url, "DTF_DATABASE_URL": _url(directory), "TMPDIR": str(directory)}
    environment |= {"DTF_STATE_DIR": str(directory / "state")}
    with (directory / "worker.log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "celery", "-A", "dtf", "worker", "-l", "INFO", *options],
            cwd=directory,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: " ready.\n" in _said(directory), lambda: _said(directory))
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _said(directory: Path) -> str:
    return (directory / "worker.log").read_text(errors="replace")


def _submit(ledger: Ledger, directory: Path, *argv: str, hardware: str = "cpu") -> tuple[str, str]:
    """Submit a command; return the job and its shard."""
    source = Source(kind=SourceKind.PATH, location=str(directory))
    job = JobSpec(name="command", work=CommandWork(argv=argv), source=source, hardware=hardware)
    (job_id,) = ledger.submissions.submit(RunSpec(jobs=(job,))).job_ids
    return job_id, ledger.views.shards(job_id)[0].shard_id


def test_a_command_runs(tmp_path: Path, ledger: Ledger, valkey: Valkey, hints: CeleryHints) -> None:
    """The worker that ``celery -A dtf worker`` starts registers, runs a command from a hint and goes offline."""
    job_id, shard_id = _submit(ledger, tmp_path, sys.executable, "-c", "open('made', 'w').write('x')")
    with _worker(tmp_path, valkey, "-c", "1", "-n", "lab@%h"):
        (worker,) = ledger.views.workers()
        assert worker.info.name.startswith("lab@")
        assert (worker.info.queues, worker.info.slots, worker.state) == (("cpu",), 1, WorkerState.ONLINE)
        hints.send_shard("cpu", shard_id)
        wait_for(lambda: ledger.views.job(job_id).outcome, lambda: _said(tmp_path))
    assert ledger.views.job(job_id).outcome is Outcome.PASSED
    assert (tmp_path / "made").read_text() == "x"
    assert ledger.views.workers()[0].state is WorkerState.OFFLINE
    assert "Traceback" not in _said(tmp_path)


def test_a_killed_guardian_loses_nothing(tmp_path: Path, ledger: Ledger, valkey: Valkey, hints: CeleryHints) -> None:
    """After kill -9 of the guardian its successor gives the shard back, and the next hint runs it to its end."""
    script = "import time, pathlib; f = open('starts', 'a'); f.write('x'); f.close(); time.sleep(1.5)"
    job_id, shard_id = _submit(ledger, tmp_path, sys.executable, "-c", script)
    with _worker(tmp_path, valkey, "-c", "1"):
        hints.send_shard("cpu", shard_id)
        wait_for((tmp_path / "starts").exists, lambda: _said(tmp_path))
        first = re.search(r"the guardian \(pid (\d+)\) is ready", _said(tmp_path))
        assert first is not None
        os.kill(int(first[1]), signal.SIGKILL)
        wait_for(lambda: ledger.views.shards(job_id)[0].state == "queued", lambda: _said(tmp_path))
        hints.send_shard("cpu", shard_id)
        wait_for(lambda: ledger.views.job(job_id).outcome, lambda: _said(tmp_path))
    assert ledger.views.job(job_id).outcome is Outcome.PASSED
    assert (tmp_path / "starts").read_text() == "xx"


def test_nothing_is_left_of_a_killed_worker(tmp_path: Path, ledger: Ledger, valkey: Valkey, hints: CeleryHints) -> None:
    """After kill -9 of the main process guardian, children and the command end, and the shard waits again."""
    script = "import os, pathlib, time; pathlib.Path('pid').write_text(str(os.getpid())); time.sleep(60)"
    job_id, shard_id = _submit(ledger, tmp_path, sys.executable, "-c", script)
    with _worker(tmp_path, valkey, "-c", "1") as worker:
        hints.send_shard("cpu", shard_id)
        wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), lambda: _said(tmp_path))
        children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
        pids = [*map(int, children), int((tmp_path / "pid").read_text())]
        worker.kill()
        wait_for(lambda: not any(is_running(pid) for pid in pids), lambda: _said(tmp_path))
        wait_for(lambda: ledger.views.shards(job_id)[0].state == "queued", lambda: _said(tmp_path))


def test_cuda_without_a_device_runs_nothing(tmp_path: Path, ledger: Ledger, valkey: Valkey, hints: CeleryHints) -> None:
    """``celery -A dtf worker -Q cuda`` without such a device says so, counts for no queue and claims nothing."""
    job_id, shard_id = _submit(ledger, tmp_path, "true", hardware="cuda")
    with _worker(tmp_path, valkey, "-c", "1", "-Q", "cuda"):
        assert "no device here serves the queue cuda" in _said(tmp_path)
        assert ledger.views.workers()[0].info.queues == ()
        hints.send_shard("cuda", shard_id)
        wait_for(lambda: "the hint was put back" in _said(tmp_path), lambda: _said(tmp_path))
        assert ledger.views.shards(job_id)[0].attempt == 0


def test_the_main_process_is_light() -> None:
    """A worker's main process and its pool children load no SQLAlchemy, pluggy, Flower, River or pytest."""
    code = (
        "import sys; from dtf.celery import app; app.Worker; "
        "import dtf.execution.celery_worker, dtf.execution.worker_step, dtf.execution.guardian_client; "
        "heavy = ('sqlalchemy', 'alembic', 'pluggy', 'flower', 'river', 'pytest', 'rich', 'numpy'); "
        "print([name for name in heavy if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "[]"
