import pytest

from dtf.execution.broker_options import transport_for
from dtf.execution.celery_app import make_app
from dtf.execution.celery_settings import celery_settings
from dtf.execution.worker_setup import WorkerSetup

URL = "redis://127.0.0.1:1/0"


def _never() -> WorkerSetup:
    raise AssertionError("it was asked too early")


def test_nothing_is_asked_before_it_is_needed() -> None:
    """Making the application asks for neither the broker nor the worker's set-up."""

    def broker() -> str:
        raise AssertionError("it was asked too early")

    app = make_app(broker, _never)
    assert app.main == "dtf"
    with pytest.raises(AssertionError, match="too early"):
        app.conf.task_serializer  # noqa: B018  # reading it is what asks


def test_the_broker_is_dtfs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Celery's own environment variables, set for another project, do not lead dtf to another broker."""
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://elsewhere:9/9")
    app = make_app(lambda: URL, _never)
    assert app.connection_for_read().as_uri() == app.connection_for_write().as_uri() == "redis://:**@127.0.0.1:1/0"


def test_its_tasks_are_known() -> None:
    """The application knows dtf's two tasks, without results and with early acknowledgement."""
    app = make_app(lambda: URL, _never)
    tasks = {name: task for name, task in app.tasks.items() if name.startswith("dtf.")}
    assert set(tasks) == {"dtf.run_shard", "dtf.prepare_suite"}
    assert all(task.ignore_result and not task.acks_late for task in tasks.values())


def test_json_and_nothing_else() -> None:
    """Nothing but JSON is written or read, and results go nowhere."""
    settings = celery_settings(URL)
    assert settings["accept_content"] == ["json"]
    assert {settings[f"{kind}_serializer"] for kind in ("task", "event", "result")} == {"json"}
    assert settings["result_backend"] is None
    assert settings["worker_prefetch_multiplier"] == 1
    assert settings["worker_disable_prefetch"] is True


@pytest.mark.parametrize("scheme", ["redis", "rediss", "sentinel", "REDIS"])
def test_every_redis_is_quarantined(scheme: str) -> None:
    """Each way to name a Redis leads to the transport that sets unreadable messages aside."""
    assert str(transport_for(f"{scheme}://host/0")).startswith("dtf.storage.redis_transport:Quarantine")
    assert transport_for("memory://") is None


@pytest.mark.parametrize("scheme", ["redis", "rediss", "sentinel"])
def test_its_transport_can_be_loaded(scheme: str) -> None:
    """Kombu finds the transport that is only named, and the URL shows the scheme that people wrote."""
    app = make_app(lambda: f"{scheme}://host:1/0", _never)
    connection = app.connection_for_write()
    assert connection.transport_cls
    assert connection.as_uri().startswith(("redis://", "sentinel://"))
    assert connection.get_transport_cls().driver_type == "redis"
