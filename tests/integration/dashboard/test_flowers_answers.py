from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dtf.domain.outcome import Outcome
from dtf.domain.shard import Finish
from dtf.storage.ledger import open_ledger
from tests.integration.ledger.laboratory import Laboratory, command, result, worker
from tests.support.browsers import need_browser
from tests.support.dashboard import Served, embedded, serving

WORKER = "dtf@w1"


def heard(served: Served, *events: dict[str, Any]) -> None:
    """Have Flower hear events, in its loop."""
    done: Future[None] = Future()

    def hear() -> None:
        for clock, event in enumerate(events):
            base = {"hostname": WORKER, "timestamp": 100.0 + clock, "local_received": 100.0 + clock, "clock": clock}
            served.application.events.state.event({**base, "utcoffset": 0, "pid": 1, **event})
        served.application.inspector.workers[WORKER]["registered"] = ["dtf.run_shard"]
        done.set_result(None)

    served.application.io_loop.add_callback(hear)
    done.result(60)


def delivered(uuid: str, name: str, argument: str, answer: str) -> list[dict[str, Any]]:
    """The events of a task."""
    return [
        {"type": "task-received", "uuid": uuid, "name": name, "args": f"['{argument}']", "kwargs": "{}"},
        {"type": "task-started", "uuid": uuid},
        {"type": "task-succeeded", "uuid": uuid, "result": answer, "runtime": 0.5},
    ]


@pytest.fixture
def shard_id(lab: Laboratory) -> str:
    """A shard whose test failed; its job has another one that waits."""
    lab.ledger.workers.register(worker())
    lab.submit(command("tests <i>of mine</i>"), command("other"))
    shard = lab.claim()
    lab.ledger.shards.record(result(shard, Outcome.FAILED), Finish())
    return shard.shard_id


def test_the_fate_of_shards(lab: Laboratory, shard_id: str) -> None:
    """In one look, on each database: its job, its worker, and each attempt with its outcome."""
    found = lab.ledger.fates.shards([shard_id, "snone"])
    assert set(found) == {shard_id}
    fate = found[shard_id]
    assert (fate.job.name, fate.job.outcome, fate.outcome) == ("tests <i>of mine</i>", Outcome.FAILED, Outcome.FAILED)
    assert (fate.worker, fate.attempt, fate.attempts) == (WORKER, 1, {1: Outcome.FAILED})
    assert lab.ledger.fates.jobs([fate.job.job_id, "jnone"]) == {fate.job.job_id: fate.job}
    assert (lab.ledger.fates.shards([]), lab.ledger.fates.jobs([])) == ({}, {})
    waiting = lab.ledger.fates.jobs(lab.job_ids)[lab.job_ids[1]]
    assert replace(waiting, outcome=None) == waiting


def test_lists_pages_and_answers_agree(served: Served, shard_id: str) -> None:
    """The table, the API and the page tell the ledger's outcome; a task of somebody else's is as Celery has it."""
    answer = str({"claimed": True, "outcome": "failed", "attempts": 1, "ran": [f"{shard_id}:1"]})
    heard(served, *delivered("u-1", "dtf.run_shard", shard_id, answer), *delivered("u-2", "shop.mail", "x", "'ok'"))
    rows = served.ask("/api/tasks").value
    assert (rows["u-1"]["name"], rows["u-1"]["state"], rows["u-1"]["worker"]) == (
        "tests <i>of mine</i>",
        "failed",
        WORKER,
    )
    assert (rows["u-2"]["name"], rows["u-2"]["state"], rows["u-2"]["result"]) == ("shop.mail", "SUCCESS", "'ok'")
    assert "celery" not in rows["u-2"]
    assert served.ask("/api/task/info/u-1").value["celery"]["state"] == "SUCCESS"
    told = served.ask("/api/task/result/u-1").value
    assert told == {"task-id": "u-1", "state": "failed", "result": f"attempt 1 of {shard_id}: failed"}
    question = "draw=1&start=0&length=9&order[0][column]=0&columns[0][data]=state&order[0][dir]=asc&search[value]="
    table = served.ask(f"/tasks/datatable?{question}").value
    assert [row["state"] for row in table["data"]] == ["failed", "SUCCESS"]
    assert [row["uuid"] for row in served.ask(f"/tasks/datatable?{question}state:FAILURE").value["data"]] == ["u-1"]
    assert "searchError" in served.ask(f"/tasks/datatable?{question}name:").value
    page = served.ask("/task/u-1").body.decode()
    assert 'id="outcome">failed<' in page
    assert "tests &lt;i&gt;of mine&lt;/i&gt;" in page
    assert "<i>of mine" not in page
    assert "shop.mail" in served.ask("/task/u-2").body.decode()
    assert served.ask("/task/none").status == served.ask("/api/task/info/none").status == 404
    counted = {row["hostname"]: row for row in served.ask("/workers?json=1").value["data"]}[WORKER]
    assert counted["task-succeeded"] + counted["task-failed"] <= 2


def test_revoke_and_abort_call_the_job_off(served: Served, lab: Laboratory) -> None:
    """Through the ledger, without a broker; what is over is not called off twice."""
    lab.submit(command("slow"))
    shard = lab.claim()
    event = {"type": "task-received", "uuid": "u-1", "name": "dtf.run_shard", "args": f"['{shard.shard_id}']"}
    heard(served, event)
    told = served.ask("/api/task/revoke/u-1", "POST").value
    assert (told["job_id"], told["cancelled"]) == (shard.job_id, 1)
    assert told["message"].startswith("cancelled the job slow")
    assert "being called off already" in served.ask("/api/task/abort/u-1", "POST").value["message"]
    heard(served, {**event, "uuid": "u-2", "args": "['snone']"})
    answer = served.ask("/api/task/revoke/u-2", "POST")
    assert (answer.status, b"nothing was called off" in answer.body) == (404, True)
    assert served.ask("/api/task/revoke/u-unknown", "POST").status == 503  # nobody can be asked without a broker


@pytest.mark.parametrize(
    ("path", "part"),
    [
        (f"/api/worker/pool/restart/{WORKER}", "one process for each of its slots"),
        (f"/api/worker/pool/grow/{WORKER}", "--concurrency"),
        (f"/api/worker/pool/shrink/{WORKER}", "--concurrency"),
        (f"/api/worker/pool/autoscale/{WORKER}", "--concurrency"),
        (f"/api/worker/queue/add-consumer/{WORKER}", "drain"),
        (f"/api/worker/queue/cancel-consumer/{WORKER}", "drain"),
        ("/api/task/rate-limit/dtf.run_shard", "time limits belong to jobs"),
        ("/api/task/timeout/dtf.prepare_suite", "time limits belong to jobs"),
        ("/api/task/apply/dtf.run_shard", "dtf submit"),
        ("/api/task/async-apply/dtf.run_shard", "dtf submit"),
        ("/api/task/send-task/dtf.run_shard", "dtf submit"),
    ],
)
def test_what_would_harm_is_refused_with_another_way(served: Served, path: str, part: str) -> None:
    """For dtf's workers and tasks; nothing is sent to anybody."""
    heard(served)
    answer = served.ask(path, "POST", body=b"{}")
    assert (answer.status, part in answer.body.decode()) == (403, True)


def test_workers_of_others_are_flowers_affair(served: Served) -> None:
    """An unknown one is unknown, and asking about it leaves no trace in Flower's list."""
    assert served.ask("/api/worker/pool/restart/other@h", "POST").status == 404
    assert served.ask("/api/workers").value == {}


#: What Flower's page of a worker needs to know of it.
_QUEUE = ("exclusive", "exchange", "durable", "no_ack", "alias", "queue_arguments", "binding_arguments", "auto_delete")
_TOLD = {
    "stats": {"pool": {"max-concurrency": 1, "processes": [1]}, "broker": {"hostname": "h"}, "total": {}, "pid": 1},
    "active_queues": [{"name": "cpu", "routing_key": "cpu", **dict.fromkeys(_QUEUE)}],
    "registered": ["dtf.run_shard"],
    **dict.fromkeys(("scheduled", "active", "reserved", "revoked"), ()),
    "conf": {},
}


def _launched(started: Any, executable: str) -> Any:
    return started.chromium.launch(executable_path=executable or None, args=["--no-sandbox"])


def test_flowers_pages_in_a_browser(served: Served, shard_id: str) -> None:
    """The policy stops nothing of them, no script fails, and the table's rows lead to their jobs."""
    from playwright.sync_api import sync_playwright

    choice = need_browser("chromium")
    answer = str({"claimed": True, "outcome": "failed", "attempts": 1, "ran": [f"{shard_id}:1"]})
    heard(served, *delivered("u-1", "dtf.run_shard", shard_id, answer), *delivered("u-2", "shop.mail", "x", "'ok'"))
    served.application.inspector.workers[WORKER].update(_TOLD)
    troubles: list[str] = []
    with sync_playwright() as started, _launched(started, choice.executable) as browser:
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda told: troubles.append(f"{page.url}: {told.type} {told.text}"))
        page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
        for path, ready in (
            ("/workers", "#workers-table tbody tr td a"),
            (f"/worker/{WORKER}", "#workername"),
            ("/tasks", "#tasks-table tbody tr"),
            ("/task/u-1", "#outcome"),
            ("/task/u-2", ".task-data-row"),
            ("/broker", "[role=status]"),
        ):
            page.goto(f"http://127.0.0.1:{served.port}{path}")
            page.wait_for_selector(ready)
            if path == "/tasks":
                page.wait_for_selector("a[href*='/lab/jobs/']")
                assert page.locator(".badge.text-bg-danger").inner_text() == "failed"
                assert page.locator("a[href*='tasks?name=']").inner_text() == "shop.mail"
        page.goto(f"http://127.0.0.1:{served.port}/tasks?state=FAILURE")
        page.wait_for_selector("a[href*='/lab/jobs/']")
        assert page.locator("#tasks-table tbody tr").count() == 1
    assert troubles == []


@pytest.fixture
def read_only(lab: Laboratory, tmp_path: Path) -> Iterator[Served]:
    """A dashboard that changes nothing."""
    with serving(embedded(tmp_path / "state"), lab.ledger, read_only=True) as found:
        yield found


def test_read_only_changes_nothing_by_flowers_api(read_only: Served, lab: Laboratory) -> None:
    """Neither jobs nor workers; reading goes on, and the page has no button."""
    lab.submit(command("kept"))
    shard = lab.claim()
    event = {"type": "task-received", "uuid": "u-1", "name": "dtf.run_shard", "args": f"['{shard.shard_id}']"}
    heard(read_only, event)
    for path in ("/api/task/revoke/u-1", "/api/task/abort/u-1", f"/api/worker/shutdown/{WORKER}"):
        assert read_only.ask(path, "POST").status == 403
    assert lab.ledger.fates.jobs([shard.job_id])[shard.job_id].outcome is None
    assert read_only.ask("/api/tasks").status == 200
    assert b"task-revoke" not in read_only.ask("/task/u-1").body


def test_beyond_loopback_flowers_api_needs_flowers_own_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the variable is set its API answers nothing; dtf's API and all pages do."""
    from dtf.storage.migrate import migrate

    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    migrate(url)
    ledger = open_ledger(url)
    monkeypatch.delenv("FLOWER_UNAUTHENTICATED_API", raising=False)
    # an address of the loopback device that is not told to be one
    monkeypatch.setattr("dtf.dashboard.options.DashboardOptions.is_loopback", False)
    with serving(embedded(tmp_path / "state"), ledger) as served:
        answer = served.ask("/api/tasks")
        assert (answer.status, b"FLOWER_UNAUTHENTICATED_API" in answer.body) == (401, True)
        assert served.ask("/tasks").status == 200
        monkeypatch.setenv("FLOWER_UNAUTHENTICATED_API", "true")
        answer = served.ask("/api/tasks")
        assert (answer.status, "Access-Control-Allow-Origin" in answer.headers) == (200, False)
    ledger.close()
