from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dtf.domain.breaker import Target
from dtf.domain.errors import DtfError
from dtf.domain.outcome import Outcome
from dtf.domain.ports.permits import Permit, Permits
from dtf.execution import task as task_module
from dtf.execution.celery_app import make_app
from dtf.execution.guardian.messages import ShardReply
from dtf.execution.task import SERVED_KEY
from dtf.execution.worker_setup import WorkerSetup


class RecordingPermits(Permits):
    """Grants or refuses, and notes what is done."""

    def __init__(self, *, grant: bool = True) -> None:
        self.grant = grant
        self.done: list[tuple[str, object]] = []

    def acquire(self, targets: Sequence[Target]) -> Permit | None:
        self.done.append(("acquire", tuple(targets)))
        return Permit(targets=tuple(targets)) if self.grant else None

    def record(self, permit: Permit, outcome: Outcome) -> None:  # noqa: ARG002  # the port's signature
        self.done.append(("record", outcome))

    def give_back(self, permit: Permit) -> None:
        self.done.append(("give_back", permit.targets))


class ScriptedGuardian:
    """Answers what it was told to, or raises it."""

    def __init__(self, answer: ShardReply | Exception) -> None:
        self.answer = answer
        self.asked: list[tuple[str, ...]] = []

    def run_shard(self, shard_id: str, task_id: str, queue: str) -> ShardReply:
        self.asked.append((shard_id, task_id, queue))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def prepare(self, job_id: str, queue: str) -> None:
        self.asked.append((job_id, queue))
        if isinstance(self.answer, Exception):
            raise self.answer

    def drain(self) -> None:
        raise AssertionError("a task does not drain")


def _call(
    guardian: ScriptedGuardian, permits: Permits, argument: object, *, name: str = "dtf.run_shard", queue: str = "cpu"
) -> Any:
    def connect(_socket: Path) -> ScriptedGuardian:
        return guardian

    app = make_app(lambda: "memory://", lambda: WorkerSetup(connect=connect), permits=permits)
    app.conf[SERVED_KEY] = ["cpu"]
    task = app.tasks[name]
    task.push_request(id="t1", hostname="celery@here", delivery_info={"routing_key": queue})
    try:
        return task.run(argument)
    finally:
        task.pop_request()


def test_a_permit_is_taken_and_its_outcome_recorded() -> None:
    """The permit for this worker is acquired before the guardian is asked, and the verdict is recorded with it."""
    permits = RecordingPermits()
    guardian = ScriptedGuardian(ShardReply(claimed=True, outcome=Outcome.FAILED, attempts=3))
    assert _call(guardian, permits, "s1") == {"claimed": True, "outcome": "failed", "attempts": 3}
    target = Target(hardware="cpu", name="celery@here")
    assert permits.done == [("acquire", (target,)), ("record", Outcome.FAILED)]
    assert guardian.asked == [("s1", "t1", "cpu")]


def test_without_a_permit_nothing_runs() -> None:
    """A refused permit drops the hint before anything is claimed."""
    guardian = ScriptedGuardian(ShardReply(claimed=True))
    assert _call(guardian, RecordingPermits(grant=False), "s1")["claimed"] is False
    assert guardian.asked == []


def test_a_shard_that_is_not_to_be_had() -> None:
    """The permit goes back unused, and the reason is told."""
    permits = RecordingPermits()
    reply = _call(ScriptedGuardian(ShardReply(claimed=False, reason="finished")), permits, "s1")
    assert reply == {"claimed": False, "reason": "finished"}
    assert permits.done[-1][0] == "give_back"


@pytest.mark.parametrize("error", [DtfError("gone"), ConnectionResetError(), FileNotFoundError(), EOFError()])
@pytest.mark.parametrize("name", ["dtf.run_shard", "dtf.prepare_suite"])
def test_a_lost_guardian_fails_no_task(error: Exception, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """A guardian that goes away leaves a line in the log and a permit given back; the ledger does the rest."""
    permits = RecordingPermits()
    reply = _call(ScriptedGuardian(error), permits, "x1", name=name)
    assert "the guardian is gone" in reply["reason"]
    assert "a hint is dropped" in caplog.text
    assert not [step for step in permits.done if step[0] == "record"]
    assert [step[0] for step in permits.done if step[0] != "acquire"] == (["give_back"] if "run" in name else [])


@pytest.mark.parametrize("argument", [None, 5, "", "s\x00", "s" * 65, ["s1"], {"a": 1}, "\ud800", "a b", "../x"])
@pytest.mark.parametrize("name", ["dtf.run_shard", "dtf.prepare_suite"])
def test_an_argument_that_is_no_identifier(argument: object, name: str) -> None:
    """What cannot be an identifier never reaches the guardian."""
    guardian = ScriptedGuardian(ShardReply(claimed=True))
    assert _call(guardian, RecordingPermits(), argument, name=name)["claimed"] is False
    assert guardian.asked == []


def test_a_queue_without_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hint of a queue that this worker cannot serve is put back there and not run."""
    monkeypatch.setattr(task_module, "UNSERVED_HOLD_S", 0.0)
    guardian = ScriptedGuardian(ShardReply(claimed=True))
    reply = _call(guardian, RecordingPermits(), "s1", queue="cuda")
    assert "the hint was put back" in reply["reason"]
    assert guardian.asked == []


def test_a_requirement_queue_that_no_slot_satisfies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue that narrows a tag of the worker is the guardian's to judge; what it cannot take is put back."""
    monkeypatch.setattr(task_module, "UNSERVED_HOLD_S", 0.0)
    permits = RecordingPermits()
    guardian = ScriptedGuardian(ShardReply(claimed=False, unserved=True, reason="no"))
    reply = _call(guardian, permits, "s1", queue="cpu[cores>=4096]")
    assert "the hint was put back" in reply["reason"]
    assert guardian.asked == [("s1", "t1", "cpu[cores>=4096]")]
    target = (Target(hardware="cpu", name="celery@here"),)
    assert permits.done == [("acquire", target), ("give_back", target)]


def test_a_warmed_suite() -> None:
    """The hint to prepare a suite reaches the guardian."""
    guardian = ScriptedGuardian(ShardReply(claimed=True))
    assert _call(guardian, RecordingPermits(), "j1", name="dtf.prepare_suite") == {"prepared": True}
    assert guardian.asked == [("j1", "cpu")]
