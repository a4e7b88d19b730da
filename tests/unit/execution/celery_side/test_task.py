import time
from pathlib import Path
from typing import Any

import pytest

from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.memory_store import MemoryStore
from dtf.domain.breaker import BreakerMode, BreakerState, Sign, Target
from dtf.domain.errors import DtfError
from dtf.domain.outcome import Outcome
from dtf.execution import task as task_module
from dtf.execution.celery_app import make_app
from dtf.execution.guardian.messages import ShardReply
from dtf.execution.guardian_client import GuardianLostError
from dtf.execution.task import SERVED_KEY
from dtf.execution.worker_setup import WorkerSetup

WAY = Target(hardware="cpu", name="celery@here")


class Seen:
    """Breakers in memory, and what was told to them."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.breakers = Breakers(self.store, BreakerConfig(copy_s=0.0, policy=BreakerPolicy.FIXED, probe_every_s=0.05))

    @property
    def signs(self) -> list[tuple[Target, Sign]]:
        return [(record.target, record.sign) for record in self.store.heard("", 100)[1]]

    @property
    def asked(self) -> tuple[Target, ...]:
        return self.store.targets()

    @property
    def durations(self) -> list[float]:
        return [record.duration_s for record in self.store.heard("", 100)[1]]

    def hold_open(self, target: Target) -> None:
        self.store.set_mode(target, BreakerMode.FORCED_OPEN)


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

    def status(self) -> None:
        self.asked.append(("status",))
        if isinstance(self.answer, Exception):
            raise self.answer


def _call(
    guardian: ScriptedGuardian, seen: Seen, argument: object, *, name: str = "dtf.run_shard", queue: str = "cpu"
) -> Any:
    def connect(_socket: Path) -> ScriptedGuardian:
        return guardian

    app = make_app(lambda: "memory://", lambda: WorkerSetup(connect=connect), breakers=lambda: seen.breakers)
    app.conf[SERVED_KEY] = ["cpu", "cuda"]
    task = app.tasks[name]
    # as a worker's tracer does it
    task.push_request(
        id="t1",
        hostname="celery@here",
        delivery_info={"routing_key": queue},
        called_directly=False,
        args=[argument],
        kwargs={},
    )
    try:
        return task(argument)
    finally:
        task.pop_request()


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_comes_of_a_shard_is_the_guardians_affair(outcome: Outcome) -> None:
    """The guardian has told the breaker of a CPU's slot already; of a device's slot the way to it worked."""
    seen, guardian = Seen(), ScriptedGuardian(ShardReply(claimed=True, outcome=outcome, attempts=3, ran=("s1:2",)))
    told = {"claimed": True, "outcome": str(outcome), "attempts": 3, "ran": ["s1:2"]}
    assert _call(guardian, seen, "s1") == told
    assert (seen.asked, seen.signs) == ((WAY,), [])
    _call(guardian, seen, "s1", queue="cuda[vram_gb>=8]")
    assert seen.signs == [(Target(hardware="cuda", name="celery@here"), Sign.WORKED)]
    assert seen.durations == [0.0]  # how long a shard runs, under an injected failure too, says nothing about the way
    assert guardian.asked == [("s1", "t1", "cpu"), ("s1", "t1", "cuda[vram_gb>=8]")]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hints go back at once."""
    monkeypatch.setattr(task_module, "UNSERVED_HOLD_S", 0.0)


@pytest.mark.usefixtures("quick")
def test_an_open_breaker_puts_the_hint_back() -> None:
    """Nothing is claimed, and the hint is there for another worker or for later."""
    seen, guardian = Seen(), ScriptedGuardian(ShardReply(claimed=True))
    seen.hold_open(WAY)
    reply = _call(guardian, seen, "s1")
    assert reply["claimed"] is False
    assert "the hint was put back" in reply["reason"]
    assert guardian.asked == []


@pytest.mark.usefixtures("quick")
def test_a_device_workers_way_has_a_canary() -> None:
    """Where the guardian's own canaries look at devices, asking the guardian is the canary of the way to it."""
    seen, way = Seen(), Target(hardware="cuda", name="celery@here")
    lost, there = ScriptedGuardian(ConnectionResetError()), ScriptedGuardian(ShardReply(claimed=True))
    for _ in range(4):
        _call(lost, seen, "s1", queue="cuda")
    opened = seen.store.read(way)
    assert opened is not None
    assert opened.state is BreakerState.OPEN
    assert {sign for _, sign in seen.signs} == {Sign.INFRA, Sign.CANARY_FAILED}
    deadline = time.monotonic() + 20
    while not there.asked:
        assert time.monotonic() < deadline
        _call(there, seen, "s1", queue="cuda")
    assert there.asked[0] == ("status",)
    assert seen.signs[-1] == (way, Sign.CANARY_PASSED)


def test_a_shard_that_is_not_to_be_had() -> None:
    """The reason is told, and nothing is said about the way."""
    seen = Seen()
    reply = _call(ScriptedGuardian(ShardReply(claimed=False, reason="finished")), seen, "s1", queue="cuda")
    assert reply == {"claimed": False, "reason": "finished"}
    assert seen.signs == []


@pytest.mark.parametrize("error", [DtfError("gone"), ConnectionResetError(), FileNotFoundError(), EOFError()])
@pytest.mark.parametrize("name", ["dtf.run_shard", "dtf.prepare_suite"])
def test_a_lost_guardian_fails_no_task(error: Exception, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """A guardian that goes away leaves a line in the log and speaks against the way to it; the ledger does the rest."""
    seen = Seen()
    reply = _call(ScriptedGuardian(error), seen, "x1", name=name)
    assert "the guardian is gone" in reply["reason"]
    assert "a hint is dropped" in caplog.text
    assert seen.signs == ([(WAY, Sign.INFRA)] if "run" in name else [])


@pytest.mark.parametrize("queue", ["cpu", "cuda"])
def test_a_guardian_that_goes_away_under_a_shard_says_nothing_here(queue: str) -> None:
    """The shard may be what ended it: its successor tells the breakers, with the job's group."""
    seen = Seen()
    reply = _call(ScriptedGuardian(GuardianLostError("it went away before it answered")), seen, "s1", queue=queue)
    assert "s1 is left to the ledger" in reply["reason"]
    assert (reply["claimed"], seen.signs, len(seen.asked)) == (False, [], 1)


@pytest.mark.parametrize(("queue", "sign"), [("cpu", None), ("cuda", Sign.CRASH)])
def test_a_lost_child_is_told_once_of_a_cpu(queue: str, sign: Sign | None) -> None:
    """Its guardian tells the same target, with the job's group; the way to a device's guardian it does not tell."""
    task = make_app(lambda: "memory://", WorkerSetup, breakers=lambda: Seen().breakers).tasks["dtf.run_shard"]
    task.push_request(id="t1", delivery_info={"routing_key": queue})
    try:
        assert task.breaker_sign_lost() is sign
    finally:
        task.pop_request()


@pytest.mark.parametrize("argument", [None, 5, "", "s\x00", "s" * 65, ["s1"], {"a": 1}, "\ud800", "a b", "../x"])
@pytest.mark.parametrize("name", ["dtf.run_shard", "dtf.prepare_suite"])
def test_an_argument_that_is_no_identifier(argument: object, name: str) -> None:
    """What cannot be an identifier never reaches the guardian."""
    guardian = ScriptedGuardian(ShardReply(claimed=True))
    assert _call(guardian, Seen(), argument, name=name)["claimed"] is False
    assert guardian.asked == []


@pytest.mark.usefixtures("quick")
def test_a_queue_without_a_device() -> None:
    """A hint of a queue that this worker cannot serve is put back there and not run; no breaker is asked."""
    seen, guardian = Seen(), ScriptedGuardian(ShardReply(claimed=True))
    reply = _call(guardian, seen, "s1", queue="rocm")
    assert "the hint was put back" in reply["reason"]
    assert (guardian.asked, seen.asked) == ([], ())


@pytest.mark.usefixtures("quick")
def test_a_requirement_queue_that_no_slot_satisfies() -> None:
    """A queue that narrows a tag of the worker is the guardian's to judge; what it cannot take is put back."""
    seen, guardian = Seen(), ScriptedGuardian(ShardReply(claimed=False, unserved=True, reason="no"))
    reply = _call(guardian, seen, "s1", queue="cpu[cores>=4096]")
    assert "the hint was put back" in reply["reason"]
    assert guardian.asked == [("s1", "t1", "cpu[cores>=4096]")]
    assert seen.signs == []


def test_a_warmed_suite() -> None:
    """The hint to prepare a suite reaches the guardian."""
    guardian = ScriptedGuardian(ShardReply(claimed=True))
    assert _call(guardian, Seen(), "j1", name="dtf.prepare_suite") == {"prepared": True}
    assert guardian.asked == [("j1", "cpu")]
