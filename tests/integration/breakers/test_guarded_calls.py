"""What the breaker learns of calls in a real worker, and what it does to them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from celery.exceptions import TimeLimitExceeded, WorkerLostError

from dtf.breakers.config import BreakerConfig
from dtf.breakers.redis_store import RedisStore
from dtf.domain.breaker import BreakerMode, BreakerState, Sign, Target
from dtf.domain.errors import CircuitOpenError
from dtf.resilience.breaker import BreakerRecord, Evidence
from dtf.resilience.breaker_params import BreakerParams
from dtf.resilience.likelihood import Rates, likelihood
from tests.support.breaker_worker import BreakerWorker
from tests.support.celery_worker import wait_for

PATIENCE_S = 60


class Look:
    """The breakers of the worker's application, looked at from outside."""

    def __init__(self, worker: BreakerWorker) -> None:
        self._worker = worker
        self.store = RedisStore(worker.valkey.client, BreakerConfig())

    def breaker(self, name: str) -> BreakerRecord:
        found = self.store.read(Target(hardware="celery", name=name))
        assert found is not None
        return found

    def signs(self, name: str) -> list[Sign]:
        """What was seen of a target, in order."""
        _, records = self.store.heard("", 10000)
        return [record.sign for record in records if record.target.name == name]

    def wait_signs(self, name: str, *signs: Sign) -> None:
        """Wait until this, and nothing else, was seen of a target."""
        wait_for(lambda: self.signs(name) == list(signs), lambda: self.signs(name), PATIENCE_S)

    def half_open(self, name: str) -> None:
        """Have a probe of a breaker that goes by its belief succeed."""
        target, params = Target(hardware="celery", name=name), BreakerParams(canary=False)
        gate = self.store.ask(target, params, permit="first")
        worked = likelihood(Sign.WORKED, Rates())
        seen = Evidence(sign=Sign.WORKED, likelihood=worked, epoch=gate.epoch, permit="first")
        assert self.store.observe(target, params, seen).record.state is BreakerState.HALF_OPEN

    def wait_due(self, name: str) -> None:
        """Wait until an open breaker may be probed."""
        wait_for(lambda: self.store.now() > self.breaker(name).next_probe_at, lambda: self.breaker(name))

    def wait_state(self, name: str, state: BreakerState) -> None:
        wait_for(lambda: self.breaker(name).state is state, lambda: self.breaker(name), PATIENCE_S)


@pytest.fixture
def look(worker: BreakerWorker) -> Iterator[Look]:
    """The breakers, as they are now."""
    look = Look(worker)
    yield look
    look.store.close()


@pytest.fixture
def target() -> str:
    """A target that no other test uses."""
    return uuid4().hex


@pytest.fixture
def broken(worker: BreakerWorker, look: Look, target: str) -> str:
    """A target whose breaker two failures have just opened."""
    for _ in range(2):
        with pytest.raises(ConnectionError):
            worker.send("probed", target, kwargs={"error": "connection"}).get(PATIENCE_S)
    assert look.breaker(target).state is BreakerState.OPEN
    return target


def test_what_counts(worker: BreakerWorker, look: Look, target: str) -> None:
    """Infrastructure errors speak against a target; the caller's own errors and assertions say that it worked."""
    # "lost" is the death of another call's child, as it is raised by waiting for its result
    for error in ("", "value", "lost", "assertion", "connection"):
        worker.send("probed", target, kwargs={"error": error}).get(PATIENCE_S, propagate=False)
    look.wait_signs(target, *[Sign.WORKED] * 4, Sign.INFRA)


def test_a_retry_counts_for_its_cause(worker: BreakerWorker, look: Look, target: str) -> None:
    """Each attempt is recorded once, by what made it retry; one without a cause says nothing."""
    assert worker.send("retrying_probe", target, ["value", "connection", "nothing"]).get(PATIENCE_S) == "worked"
    look.wait_signs(target, Sign.WORKED, Sign.INFRA, Sign.WORKED)


def test_an_open_breaker_refuses(worker: BreakerWorker, look: Look, broken: str) -> None:
    """A refused call does not run; it raises CircuitOpenError, or comes back when the target works."""
    with _forced_open(look, broken):
        with pytest.raises(CircuitOpenError, match=f"celery/{broken}"):
            worker.send("probed", broken, kwargs={"note_to": f"ran:{broken}"}).get(PATIENCE_S)
        waiting = worker.send("patient", broken)
        wait_for(lambda: waiting.state == "RETRY", worker.output, PATIENCE_S)
    assert worker.noted(f"ran:{broken}") == []
    assert waiting.get(PATIENCE_S) >= 1
    look.wait_state(broken, BreakerState.CLOSED)


def test_one_call_at_a_time_probes(worker: BreakerWorker, look: Look, broken: str) -> None:
    """Without a canary one leased call goes through, and the others wait for what comes of it."""
    look.wait_due(broken)
    probe = worker.send("probed", broken, kwargs={"seconds": 2.0, "note_to": f"ran:{broken}"})
    worker.wait_noted(f"ran:{broken}")
    assert len(look.breaker(broken).permits) == 1
    with pytest.raises(CircuitOpenError):
        worker.send("probed", broken).get(PATIENCE_S)
    assert probe.get(PATIENCE_S) == "worked"
    look.wait_state(broken, BreakerState.CLOSED)


def test_a_killed_probe_gives_its_permit_back(worker: BreakerWorker, look: Look, broken: str) -> None:
    """kill -9 of the child during a half-open probe: the parent tells of it, long before the lease of ten minutes."""
    look.wait_due(broken)
    look.half_open(broken)
    probe = worker.send("probed", broken, kwargs={"seconds": 60.0, "note_to": f"ran:{broken}"})
    child = int(worker.wait_noted(f"ran:{broken}")[0])
    until = next(iter(look.breaker(broken).permits.values()))
    assert until > look.store.now() + 500
    os.kill(child, signal.SIGKILL)
    with pytest.raises(WorkerLostError):
        probe.get(PATIENCE_S)
    wait_for(lambda: not look.breaker(broken).permits, lambda: look.breaker(broken), PATIENCE_S)
    look.wait_signs(broken, Sign.INFRA, Sign.INFRA, Sign.CRASH)
    assert look.breaker(broken).state is BreakerState.OPEN
    _until_worked(worker, broken)


def test_a_hard_time_limit(worker: BreakerWorker, look: Look, target: str) -> None:
    """It is recorded from the parent, once, as a crash whose fault is open."""
    with pytest.raises(TimeLimitExceeded):
        worker.send("probed", target, kwargs={"seconds": 60.0}, time_limit=1).get(PATIENCE_S)
    look.wait_signs(target, Sign.CRASH)


def test_a_revoked_call_is_no_failure(worker: BreakerWorker, look: Look, broken: str) -> None:
    """A probe that is revoked gives its permit back and says nothing about the target."""
    look.wait_due(broken)
    for number in ("SIGTERM", "SIGKILL"):
        probe = worker.send("probed", broken, kwargs={"seconds": 60.0, "note_to": f"ran:{broken}:{number}"})
        worker.wait_noted(f"ran:{broken}:{number}")
        probe.revoke(terminate=True, signal=number)
        wait_for(lambda: not look.breaker(broken).permits, lambda: look.breaker(broken), PATIENCE_S)
    look.wait_signs(broken, Sign.INFRA, Sign.INFRA)


def test_a_canary_probes_in_place_of_calls(worker: BreakerWorker, look: Look, target: str) -> None:
    """With a canary no call is a probe: it fails while the target is away, and then the next call goes through."""
    for _ in range(2):
        worker.send("canaried", target, "connection").get(PATIENCE_S, propagate=False)
    look.wait_due(target)
    with pytest.raises(CircuitOpenError):
        worker.send("canaried", target).get(PATIENCE_S)
    assert look.signs(target)[-1] is Sign.CANARY_FAILED
    with worker.valkey.client as client:
        client.set(f"healthy:{target}", "1")
    _until_worked(worker, target, "canaried")
    assert Sign.CANARY_PASSED in look.signs(target)
    assert look.signs(target)[-1] is Sign.WORKED


def test_a_nested_call_is_its_callers_affair(worker: BreakerWorker, look: Look, broken: str) -> None:
    """A probe that calls a task on the same target is not refused by its own permit, and is recorded once."""
    look.wait_due(broken)
    assert worker.send("nesting", broken).get(PATIENCE_S) == "worked"
    look.wait_signs(broken, Sign.INFRA, Sign.INFRA, Sign.WORKED)


def _until_worked(worker: BreakerWorker, target: str, task: str = "probed") -> None:
    def works() -> bool:
        return bool(worker.send(task, target).get(PATIENCE_S, propagate=False) == "worked")

    wait_for(works, worker.output, PATIENCE_S)


@contextmanager
def _forced_open(look: Look, name: str) -> Iterator[None]:
    """An operator holds a breaker open for the length of a block."""
    target = Target(hardware="celery", name=name)
    look.store.set_mode(target, BreakerMode.FORCED_OPEN)
    yield
    look.store.set_mode(target, BreakerMode.AUTO)
