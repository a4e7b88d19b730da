"""A plain Celery application: the same tasks under Celery's own base class and under ``CircuitBreakerTask``.

``celery -A tests.support.breaker_app worker``; each task exists as ``plain.NAME`` and as ``guarded.NAME``.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

import redis
from celery import Celery, Task, current_app, signals
from celery.exceptions import Ignore, Reject, SoftTimeLimitExceeded, WorkerLostError

from dtf.breakers import Breaker, CircuitBreakerTask
from dtf.domain.breaker import Target

F = TypeVar("F", bound=Callable[..., Any])

URL_VARIABLE = "BREAKER_APP_URL"
URL = os.environ.get(URL_VARIABLE, "redis://127.0.0.1:1/0")

app = Celery("another_project", broker=URL, backend=URL, set_as_current=False)
app.conf.update(
    broker_transport_options={"visibility_timeout": 3600},
    result_expires=600,
    task_default_retry_delay=0,
    task_acks_on_failure_or_timeout=True,
    worker_prefetch_multiplier=1,
    breaker_probe_every_s=0.2,
    breaker_probe_quick_s=0.2,
    breaker_copy_s=0.0,
    breaker_policy="fixed",
    breaker_failures_to_open=2,
)


def note(key: str, what: str) -> None:
    """Append to a list that the tests read."""
    with redis.Redis.from_url(URL) as client:
        client.rpush(f"noted:{key}", what)


def wait_until(retries: int, until: int) -> None:
    """Fail until it was retried so often."""
    if retries < until:
        raise ValueError("not yet")


class Hooked:
    """Celery's handlers, noted."""

    def before_start(self, task_id: str, *_: Any) -> None:
        note(task_id, "before_start")

    def on_success(self, _retval: Any, task_id: str, *_: Any) -> None:
        note(task_id, "on_success")

    def on_failure(self, exc: Any, task_id: str, *_: Any) -> None:
        note(task_id, f"on_failure {type(exc).__name__}")

    def on_retry(self, exc: Any, task_id: str, *_: Any) -> None:
        note(task_id, f"on_retry {type(exc).__name__}")

    def after_return(self, status: str, _retval: Any, task_id: str, *_: Any) -> None:
        note(task_id, f"after_return {status}")


class PlainBase(Hooked, Task):  # type: ignore[misc]  # Celery has no types
    """Celery's own base class with the handlers."""

    abstract = True


class GuardedBase(Hooked, CircuitBreakerTask):
    """The breaker's base class with the handlers; tasks inherit from it as from any."""

    abstract = True


def _connect_signals() -> None:
    names = ("prerun", "postrun", "success", "failure", "retry", "revoked", "internal_error")
    for name in names:
        heard = getattr(signals, f"task_{name}")

        def hear(sender: Any = None, task_id: str = "", request: Any = None, _name: str = name, **_: Any) -> None:
            found = task_id or getattr(request, "id", "") or sender.request.id
            note(found, f"signal {_name}")

        heard.connect(hear, weak=False)


_connect_signals()


def define(family: str, base: type[Any]) -> None:  # noqa: C901  # a list of small tasks
    """Define every task with a base class."""

    def task(**options: Any) -> Callable[[F], F]:
        def decorate(function: F) -> F:
            app.task(name=f"{family}.{function.__name__}", base=base, **options)(function)
            return function

        return decorate

    @task()
    def add(x: int, y: int) -> int:
        return x + y

    @task()
    def collect(values: list[int]) -> int:
        return sum(values)

    @task()
    def fail(kind: str) -> None:
        raise {"assertion": AssertionError, "value": ValueError, "connection": ConnectionError}[kind](kind)

    @task(bind=True, max_retries=2)
    def retrying(self: Any, until: int) -> int:
        try:
            wait_until(self.request.retries, until)
        except ValueError as error:
            raise self.retry(countdown=0, exc=error) from error
        return int(self.request.retries)

    @task(bind=True, max_retries=1)
    def retrying_without_cause(self: Any) -> None:
        raise self.retry(countdown=0)

    @task(bind=True, autoretry_for=(ValueError,), retry_kwargs={"max_retries": 2, "countdown": 0})
    def autoretrying(self: Any, until: int) -> int:
        wait_until(self.request.retries, until)
        return int(self.request.retries)

    @task(soft_time_limit=1)
    def soft_limited(note_to: str) -> str:
        try:
            time.sleep(20)
        except SoftTimeLimitExceeded:
            note(note_to, "told to end")
            return "cleaned up"
        return "slept"

    @task(soft_time_limit=1)
    def soft_limit_missed() -> None:
        time.sleep(20)

    @task(time_limit=1)
    def hard_limited() -> None:
        time.sleep(20)

    @task()
    def sleep(seconds: float, note_to: str = "") -> str:
        if note_to:
            note(note_to, "started")
        time.sleep(seconds)
        return "slept"

    @task(ignore_result=True)
    def unheard(note_to: str) -> str:
        note(note_to, "ran")
        return "ignored"

    @task()
    def ignoring(note_to: str) -> None:
        note(note_to, "ran")
        raise Ignore

    @task(acks_late=True)
    def rejecting() -> None:
        raise Reject("no", requeue=False)

    @task(bind=True)
    def replacing(self: Any, x: int) -> Any:
        return self.replace(app.signature(f"{family}.add", (x, 100)))

    @task(bind=True)
    def request_of(self: Any, *_: Any, **__: Any) -> dict[str, Any]:
        request = self.request
        return {
            "args": list(request.args),
            "kwargs": request.kwargs,
            "called_directly": request.called_directly,
            "depth": len(self.request_stack),
            "task": getattr(request, "task", None),
            "retries": request.retries,
            "current_task": current_app.current_task.name,
        }

    @task(bind=True)
    def nested(self: Any, x: int) -> list[Any]:
        inner = app.tasks[f"{family}.request_of"](x, "plain call")
        own = app.tasks[f"{family}.request_of"].apply((x,)).get(disable_sync_subtasks=False)
        return [inner["called_directly"], inner["args"], own["called_directly"], own["args"], self.request.args]

    @task(bind=True, acks_late=True, reject_on_worker_lost=True)
    def dying_once(self: Any, key: str) -> str:
        with redis.Redis.from_url(URL) as client:
            if client.incr(f"died:{key}") == 1:
                os.kill(os.getpid(), signal.SIGKILL)
        return f"redelivered {bool(self.request.delivery_info['redelivered'])}"

    @task()
    def dying() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    @task()
    def exiting() -> None:
        sys.exit(3)

    @task()
    def modules() -> dict[str, Any]:
        packages = sorted({".".join(name.split(".")[:2]) for name in sys.modules if name.startswith("dtf.")})
        return {"river": "river" in sys.modules, "sqlalchemy": "sqlalchemy" in sys.modules, "dtf": packages}

    @task()
    def on_error(request: Any, exc: Any, _traceback: Any) -> None:
        note(f"errback:{request.id}", type(exc).__name__)


define("plain", PlainBase)
define("guarded", GuardedBase)


def first(_task: Any, args: Any, _kwargs: Any) -> str:
    """A call's target is its first argument."""
    return str(args[0])


def is_healthy(target: Target) -> bool:
    """The canary: whether the tests say that the target is healthy."""
    with redis.Redis.from_url(URL) as client:
        return bool(client.exists(f"healthy:{target.name}"))


def fail_with(error: str) -> None:
    """Raise an error by its name; nothing for the empty one."""
    if error:
        known = {
            "connection": ConnectionError,
            "value": ValueError,
            "assertion": AssertionError,
            "lost": WorkerLostError,
        }
        raise known[error](error)


BY_FIRST = Breaker(target=first)
PATIENT = Breaker(target=first, refused="retry")


@app.task(name="probed", base=CircuitBreakerTask, breaker=BY_FIRST)  # type: ignore[untyped-decorator]  # Celery's
def probed(_target: str, seconds: float = 0.0, error: str = "", note_to: str = "") -> str:
    """Use a target in a given way."""
    if note_to:
        note(note_to, str(os.getpid()))
    time.sleep(seconds)
    fail_with(error)
    return "worked"


@app.task(
    name="patient", base=CircuitBreakerTask, bind=True, breaker=Breaker(target=first, refused="retry"), max_retries=5
)  # type: ignore[untyped-decorator]  # Celery's
def patient(self: Any, _target: str) -> int:
    """Use a target; a refused call comes back."""
    return int(self.request.retries)


@app.task(name="canaried", base=CircuitBreakerTask, breaker=Breaker(target=first, canary=is_healthy))  # type: ignore[untyped-decorator]  # Celery's
def canaried(_target: str, error: str = "") -> str:
    """Use a target that has a canary."""
    fail_with(error)
    return "worked"


@app.task(name="retrying_probe", base=CircuitBreakerTask, bind=True, breaker=BY_FIRST)  # type: ignore[untyped-decorator]  # Celery's
def retrying_probe(self: Any, _target: str, causes: list[str]) -> str:
    """Retry for one cause after the other, then work."""
    retries = self.request.retries
    if retries >= len(causes):
        return "worked"
    if causes[retries] == "nothing":
        raise self.retry(countdown=0)
    try:
        fail_with(causes[retries])
    except (ConnectionError, ValueError) as error:
        raise self.retry(countdown=0, exc=error) from error
    return "never"


@app.task(name="nesting", base=CircuitBreakerTask, breaker=BY_FIRST)  # type: ignore[untyped-decorator]  # Celery's
def nesting(target: str) -> str:
    """Use a target, and inside of that use it again by an eager call."""
    return str(app.tasks["probed"].apply((target,)).get(disable_sync_subtasks=False))
