"""Every test runs under Celery's own base class as well: what holds there is to hold under the breaker's."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from celery import chain, chord, group
from celery.exceptions import (
    ChordError,
    MaxRetriesExceededError,
    SoftTimeLimitExceeded,
    TaskRevokedError,
    TimeLimitExceeded,
    WorkerLostError,
)

from tests.support.breaker_worker import BreakerWorker
from tests.support.celery_worker import wait_for

#: Ample: other tests share the machine.
PATIENCE_S = 60

FAMILIES = ("plain", "guarded")


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    """Celery's own base class, and the breaker's."""
    return str(request.param)


@pytest.fixture
def sig(worker: BreakerWorker, family: str) -> Callable[..., Any]:
    """Signatures of the family's tasks."""

    def make(name: str, *args: Any, immutable: bool = False, **options: Any) -> Any:
        return worker.app.signature(f"{family}.{name}", args=args, immutable=immutable, **options)

    return make


def settled(worker: BreakerWorker, task_id: str, last: str = "signal postrun") -> list[str]:
    """What was noted of a task, once its last signal is there."""
    wait_for(lambda: last in worker.noted(task_id), worker.output, PATIENCE_S)
    return worker.noted(task_id)


def test_a_success_and_its_handlers(worker: BreakerWorker, sig: Callable[..., Any]) -> None:
    """The result, the order of the handlers and of the signals."""
    result = sig("add", 2, 3).apply_async()
    assert result.get(PATIENCE_S) == 5
    assert settled(worker, result.id) == [
        *("signal prerun", "before_start", "on_success", "signal success", "after_return SUCCESS", "signal postrun")
    ]


def test_a_failure_and_its_handlers(worker: BreakerWorker, sig: Callable[..., Any]) -> None:
    """The exception reaches the caller, the handlers and the error callback as it was raised."""
    result = sig("fail", "value").apply_async(link_error=sig("on_error"))
    with pytest.raises(ValueError, match=r"^value$"):
        result.get(PATIENCE_S)
    assert settled(worker, result.id) == [
        *("signal prerun", "before_start", "on_failure ValueError", "signal failure"),
        *("after_return FAILURE", "signal postrun"),
    ]
    assert worker.wait_noted(f"errback:{result.id}") == ["ValueError"]


def test_retry(worker: BreakerWorker, sig: Callable[..., Any]) -> None:
    """A bound task retries itself up to its limit, and then the cause is its failure."""
    well, badly = sig("retrying", 2).apply_async(), sig("retrying", 9).apply_async()
    assert well.get(PATIENCE_S) == 2
    with pytest.raises(ValueError, match="not yet"):
        badly.get(PATIENCE_S)
    settled(worker, badly.id, "after_return FAILURE")
    assert worker.noted(badly.id).count("on_retry ValueError") == worker.noted(badly.id).count("signal retry") == 2


def test_retry_without_a_cause(sig: Callable[..., Any]) -> None:
    """The limit's own exception ends it."""
    with pytest.raises(MaxRetriesExceededError):
        sig("retrying_without_cause").apply_async().get(PATIENCE_S)


def test_autoretry(sig: Callable[..., Any]) -> None:
    """``autoretry_for`` retries, and gives up when its limit is reached."""
    well, badly = sig("autoretrying", 2).apply_async(), sig("autoretrying", 9).apply_async()
    assert well.get(PATIENCE_S) == 2
    with pytest.raises(ValueError, match="not yet"):
        badly.get(PATIENCE_S)


def test_chain_group_and_chord(sig: Callable[..., Any]) -> None:
    """Canvas: results go on, are gathered, and a part that fails fails the chord."""
    assert chain(sig("add", 1, 2), sig("add", 10), sig("add", 100)).apply_async().get(PATIENCE_S) == 113
    assert group([sig("add", n, n) for n in range(4)]).apply_async().get(PATIENCE_S) == [0, 2, 4, 6]
    assert chord([sig("add", n, n) for n in range(4)])(sig("collect")).get(PATIENCE_S) == 12
    with pytest.raises((ChordError, ValueError)):  # which of them, depends on who asks first
        chord([sig("add", 1, 1), sig("fail", "value")])(sig("collect")).get(PATIENCE_S)
    broken = chain(sig("fail", "value"), sig("add", 1)).apply_async()
    with pytest.raises(ValueError, match="value"):
        broken.get(PATIENCE_S)


def of_both(worker: BreakerWorker, name: str, *args: object) -> list[Any]:
    """A task of both families at once, for what takes its time."""
    return [worker.send(f"{family}.{name}", *args) for family in FAMILIES]


def test_time_limits(worker: BreakerWorker) -> None:
    """The soft limit can be caught and can end the task; the hard one kills it, and the handlers hear of it."""
    caught, missed = of_both(worker, "soft_limited", uuid4().hex), of_both(worker, "soft_limit_missed")
    hard = of_both(worker, "hard_limited")
    assert [result.get(PATIENCE_S) for result in caught] == ["cleaned up"] * 2
    for result in missed:
        with pytest.raises(SoftTimeLimitExceeded):
            result.get(PATIENCE_S)
    for result in hard:
        with pytest.raises(TimeLimitExceeded):
            result.get(PATIENCE_S)
        noted = settled(worker, result.id, "on_failure TimeLimitExceeded")
        assert {note for note in noted if "fail" in note} == {"on_failure TimeLimitExceeded", "signal failure"}


def test_revoke(worker: BreakerWorker, sig: Callable[..., Any]) -> None:
    """A task is revoked before it begins, and while it runs with ``terminate``."""
    later = sig("add", 1, 1).apply_async(countdown=3600)
    wait_for(lambda: later.id in worker.output(), worker.output, PATIENCE_S)
    later.revoke()
    key = uuid4().hex
    running = sig("sleep", 60, key).apply_async()
    worker.wait_noted(key)
    running.revoke(terminate=True, signal="SIGKILL")
    with pytest.raises(TaskRevokedError):
        running.get(PATIENCE_S)
    assert settled(worker, running.id, "signal revoked").count("signal revoked") == 1


def test_ignored_results(worker: BreakerWorker, sig: Callable[..., Any]) -> None:
    """``ignore_result`` and ``Ignore`` leave no result; ``Reject`` without requeue is a failure."""
    key, other = uuid4().hex, uuid4().hex
    unheard, ignoring = sig("unheard", key).apply_async(), sig("ignoring", other).apply_async()
    settled(worker, unheard.id)
    settled(worker, ignoring.id)
    assert (worker.noted(key), worker.noted(other)) == (["ran"], ["ran"])
    assert (unheard.state, ignoring.state) == ("PENDING", "PENDING")
    rejecting = sig("rejecting").apply_async()
    wait_for(lambda: rejecting.state == "FAILURE", worker.output, PATIENCE_S)


def test_replace(sig: Callable[..., Any]) -> None:
    """A task that replaces itself has the other's result."""
    assert sig("replacing", 1).apply_async().get(PATIENCE_S) == 101


def test_the_request(sig: Callable[..., Any], family: str) -> None:
    """The request inside is the message's own, once on its stack, and the application is the current one."""
    found = sig("request_of", 1, kwargs={"b": 2}).apply_async().get(PATIENCE_S)
    assert found == {
        "args": [1],
        "kwargs": {"b": 2},
        "called_directly": False,
        "depth": 1,
        "task": f"{family}.request_of",
        "retries": 0,
        "current_task": f"{family}.request_of",
    }


def test_nested_calls(sig: Callable[..., Any]) -> None:
    """A plain call inside a task is one, an eager call has a request of its own, and the outer request stays."""
    assert sig("nested", 7).apply_async().get(PATIENCE_S) == [True, [7, "plain call"], False, [7], [7]]


def test_a_lost_child(worker: BreakerWorker) -> None:
    """A killed child fails its task; with late acknowledgement and ``reject_on_worker_lost`` the task comes again.

    ``sys.exit`` in a task is a lost worker to Celery.
    """
    lost = of_both(worker, "dying")
    again = [worker.send(f"{family}.dying_once", uuid4().hex) for family in FAMILIES]
    for result in lost:
        with pytest.raises(WorkerLostError):
            result.get(PATIENCE_S)
        settled(worker, result.id, "signal failure")
    # Celery does not mark each of them as redelivered
    assert all(result.get(PATIENCE_S).startswith("redelivered ") for result in again)
    for result in of_both(worker, "exiting"):
        with pytest.raises(WorkerLostError):
            result.get(PATIENCE_S)


def test_workers_stay_light(worker: BreakerWorker) -> None:
    """A worker of another project has neither River nor dtf's application, ledger, coordinator or settings loaded."""
    found = worker.send("guarded.modules").get(PATIENCE_S)
    assert (found["river"], found["sqlalchemy"]) == (False, False)
    # Celery's program loads all that adds a command to it: dtf.dashboard's two small modules
    assert set(found["dtf"]) <= {"dtf.breakers", "dtf.dashboard", "dtf.domain", "dtf.resilience"}
