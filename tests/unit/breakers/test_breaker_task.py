"""The base class without a worker: eager calls, plain calls, refusals, canaries."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from celery import Celery

from dtf.breakers import Breaker, CircuitBreakerTask, CircuitOpenError
from dtf.breakers.errors import StoreUnavailableError
from dtf.breakers.request import found_hold
from dtf.breakers.task import lease_for
from dtf.breakers.wiring import breakers_for, wired
from dtf.domain.breaker import BreakerMode, BreakerState, Sign, Target
from dtf.domain.errors import BadInputError, SettingsError


@pytest.fixture
def app() -> Celery:
    """An application whose breakers are in memory."""
    app = Celery("other", broker="memory://", backend="cache+memory://", set_as_current=False)
    app.conf.update(breaker_policy="fixed", breaker_failures_to_open=2, breaker_copy_s=0.0, breaker_probe_every_s=60.0)
    return app


def task(app: Celery, function: Callable[..., Any], **options: Any) -> Any:
    """The application's task ``work``; of this application alone."""
    function.__name__ = "work"  # Celery compiles its head, and a lambda has no name
    return app.task(**{"name": "work", "base": CircuitBreakerTask, "shared": False, **options})(function)


def signs(app: Celery) -> list[Sign]:
    """What its breakers saw."""
    return [record.sign for record in wired(app).store.heard("", 100)[1]]


def failing() -> None:
    """Fail by the infrastructure."""
    raise ConnectionError("away")


def held_open(app: Celery, name: str) -> None:
    """An operator holds a breaker open."""
    wired(app).store.set_mode(Target(hardware="celery", name=name), BreakerMode.FORCED_OPEN)


@pytest.mark.parametrize("always", [True, False])
def test_eager_calls_are_guarded(app: Celery, always: bool) -> None:
    """``apply`` and ``task_always_eager`` behave as in a worker."""
    app.conf.task_always_eager = always
    work = task(app, failing, breaker="thing")
    call = work.delay if always else work.apply
    for _ in range(2):
        assert isinstance(call().result, ConnectionError)
    assert isinstance(call().result, CircuitOpenError)
    assert signs(app) == [Sign.INFRA, Sign.INFRA]


def test_a_plain_call_is_only_that(app: Celery) -> None:
    """A task called as a function asks no breaker, and has a request of its own."""
    work = task(app, lambda self: self.request.called_directly, bind=True, breaker="thing")
    held_open(app, "thing")
    assert work() is True
    assert signs(app) == []


def test_a_refused_call_that_retries(app: Celery) -> None:
    """It is tried again for as often as its limit allows; then it is the breaker's error."""
    ran: list[int] = []
    work = task(app, lambda: ran.append(1), breaker=Breaker(target="thing", refused="retry"), max_retries=3)
    held_open(app, "thing")
    result = work.apply()
    assert isinstance(result.result, CircuitOpenError)
    assert (ran, signs(app)) == ([], [])


def test_calls_of_a_task_that_is_not_timed_tell_no_duration(app: Celery) -> None:
    """What they last says nothing about their target; that of others is learned."""
    for timed in (True, False):
        task(app, lambda: 1, name=f"timed {timed}", breaker=f"timed {timed}", breaker_timed=timed).apply()
    told = {record.target.name: record.duration_s > 0 for record in wired(app).store.heard("", 100)[1]}
    assert told == {"timed True": True, "timed False": False}


def test_a_task_without_a_breaker_has_its_own(app: Celery) -> None:
    """Its name is the target, its class's breaker is inherited, and several targets are told together."""
    task(app, lambda: 1).apply()
    assert [str(target) for target in wired(app).store.targets()] == ["celery/work"]

    class Base(CircuitBreakerTask):
        abstract = True
        breaker = Breaker(target=("a", Target(hardware="gpu", name="b")))

    task(app, lambda: 1, name="inherits", base=Base).apply()
    assert [str(target) for target in wired(app).store.targets()] == ["celery/a", "celery/work", "gpu/b"]


@pytest.mark.parametrize("ends", [BaseException("end"), KeyboardInterrupt(), SystemExit()], ids=repr)
def test_a_permit_comes_back_from_every_end(app: Celery, ends: BaseException) -> None:
    """A probe whose process is told to end gives its permit back, and says nothing."""

    def end() -> None:
        raise ends

    work = task(app, end, name="ending", breaker="thing")
    _open(app)
    with pytest.raises(type(ends)):
        work.apply()
    record = wired(app).store.read(Target(hardware="celery", name="thing"))
    assert record is not None
    assert (record.permits, record.state) == ({}, BreakerState.OPEN)


def _open(app: Celery) -> None:
    app.conf.breaker_probe_every_s = 0.05  # elsewhere probes are so rare that no slow machine meets one
    work = task(app, failing, name="opens", breaker="thing")
    for _ in range(2):
        work.apply()
    store, target = wired(app).store, Target(hardware="celery", name="thing")
    record = store.read(target)
    assert record is not None
    assert record.state is BreakerState.OPEN
    while store.now() <= record.next_probe_at:
        pass  # a twentieth of a second


def test_a_canary_decides(app: Celery) -> None:
    """It probes in the place of the call; what it raises or a False says that the target does not work."""
    looks: list[object] = [RuntimeError("sick"), False, None]

    def look(_target: Target) -> object:
        found = looks.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    work = task(app, lambda: "worked", breaker=Breaker(target="thing", canary=look))
    _open(app)
    results = []
    while looks:
        results.append(work.apply().result)
    assert results[-1] == "worked"
    assert all(isinstance(result, CircuitOpenError) for result in results[:-1])
    seen = signs(app)[2:]
    assert seen[:2] == [Sign.CANARY_FAILED, Sign.CANARY_FAILED]
    assert seen[-1] is Sign.WORKED


@pytest.mark.parametrize("said", ["", 5, ["a"], object()])
def test_a_breaker_that_cannot_be_used(app: Celery, said: object) -> None:
    """It is refused where the task is declared."""
    with pytest.raises(BadInputError, match="a task's breaker is"):
        _ = task(app, failing, breaker=said).name


def test_the_words_of_a_breaker_are_checked(app: Celery) -> None:
    """What is refused how, the hardware's name, and a target that a call cannot name."""
    with pytest.raises(BadInputError, match="'raise' or 'retry'"):
        Breaker(refused="wait")  # type: ignore[arg-type]  # that is the point
    with pytest.raises(BadInputError, match="without a slash"):
        Breaker(hardware="a/b")
    work = task(app, failing, breaker=Breaker(target=lambda _task, _args, _kwargs: ""))
    assert isinstance(work.apply().result, BadInputError)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        *(({"counts": one}, "counts is") for one in ([ConnectionError], "ConnectionError", ("x",), int, None, 5)),
        *(({"target": one}, "target is") for one in ("", (), [""], 5, {"a": 1}, b"a", ("a", None))),
        ({"canary": "ping"}, "canary is"),
        ({"group": None}, "group is"),
        ({"hardware": 5}, "hardware is"),
        ({"probes": 0}, "probes must be"),
        ({"lease_s": "10"}, "lease_s must be"),
    ],
    ids=str,
)
def test_a_breaker_is_checked_where_it_is_declared(words: dict[str, Any], told: str) -> None:
    """Not in a call, whose own exception it would replace."""
    with pytest.raises(BadInputError, match=told):
        Breaker(**words)


def test_a_wrong_word_about_exceptions_changes_no_call(app: Celery, caplog: pytest.LogCaptureFixture) -> None:
    """The task's own exception is what the caller gets, the probe's permit is back, and the default judges."""

    def work() -> None:
        raise ValueError("mine")

    judged = task(app, work, name="judged", breaker=Breaker(target="thing", counts=lambda error: error.errno is None))  # type: ignore[attr-defined]  # that is the point
    _open(app)
    assert str(judged.apply().result) == "mine"
    record = wired(app).store.read(Target(hardware="celery", name="thing"))
    assert record is not None
    assert (record.permits, signs(app)[-1]) == ({}, Sign.WORKED)
    assert "counts failed on ValueError" in caplog.text


def test_the_end_of_the_process_during_judgement_keeps_no_permit(app: Celery) -> None:
    """A probe's permit is back when its task's ``counts`` is interrupted."""

    def ended(_error: BaseException) -> bool:
        raise SystemExit

    judged = task(app, failing, name="judged", breaker=Breaker(target="thing", counts=ended))
    _open(app)
    with pytest.raises(SystemExit):
        judged.apply()
    record = wired(app).store.read(Target(hardware="celery", name="thing"))
    assert record is not None
    assert record.permits == {}


def test_settings_are_checked(app: Celery) -> None:
    """A setting that there is not, or whose value is out of bounds, is an error that names it."""
    app.conf.breaker_failures = 3
    with pytest.raises(SettingsError, match="breaker_failures is none of breakers"):
        wired(app)
    del app.conf["breaker_failures"]
    app.conf.breaker_failures_to_open = 99
    with pytest.raises(SettingsError, match="failures_to_open must be from 2 to 10"):
        wired(app)


def test_a_redis_that_is_away_fails_no_call(app: Celery, caplog: pytest.LogCaptureFixture) -> None:
    """The process decides by breakers of its own, and says so once."""
    app.conf.breaker_redis_url = "redis://:secret@127.0.0.1:1/0"
    work = task(app, failing, breaker="thing")
    results = [work.apply().result for _ in range(3)]
    assert [type(result) for result in results] == [ConnectionError, ConnectionError, CircuitOpenError]
    assert caplog.text.count("decides by its own fixed breakers") == 1
    assert "secret" not in caplog.text


def test_a_call_that_died_while_redis_is_away(app: Celery) -> None:
    """The parent cannot know what it held, and says so to who asks."""
    app.conf.breaker_redis_url = "redis://127.0.0.1:1/0"
    with pytest.raises(StoreUnavailableError):
        found_hold(breakers_for(app), Target(hardware="celery", name="thing"), "t1.0", 1.0)


@pytest.mark.parametrize(
    ("hard", "soft", "lease"), [(None, None, 600), (10, None, 30), (100, 20, 120), (None, 59, 120), (9999, None, 3600)]
)
def test_a_lease_outlasts_the_call(hard: float | None, soft: float | None, lease: float) -> None:
    """By its time limits; without any ten minutes."""
    assert lease_for(hard, soft) == lease


def test_importing_it_is_light_and_changes_nothing() -> None:
    """Neither the current application changes, nor does River, the ledger or dtf's own application come along."""
    code = """
import sys
from celery import Celery, current_app
mine = Celery("mine")
mine.set_current()
from dtf.breakers import Breaker, BreakerConfig, Breakers, CircuitBreakerTask
import dtf.breakers.learner_step, dtf.breakers.request, dtf.breakers.learning_loop
assert current_app._get_current_object() is mine
heavy = ("river", "sqlalchemy", "dtf.execution", "dtf.coordination", "dtf.storage", "dtf.settings", "dtf.bootstrap")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
