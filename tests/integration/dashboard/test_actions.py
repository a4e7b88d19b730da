from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dtf.domain.breaker import BreakerMode, Target
from dtf.domain.outcome import Outcome
from dtf.domain.worker import WorkerLoad, WorkerState
from dtf.settings import Settings
from tests.integration.ledger.laboratory import Laboratory, command, worker
from tests.support.dashboard import Served, embedded, serving

_LOAD = WorkerLoad(cpu_percent=0.0, memory_percent=0.0, load_1m=0.0, busy_slots=0)


@pytest.fixture
def clustered(lab: Laboratory, tmp_path: Path) -> Iterator[Served]:
    """A dashboard of a cluster whose breakers are kept in this process."""
    settings = Settings(state_dir=tmp_path, broker_url="memory://", database_url="postgresql://nobody@/none")
    with serving(settings, lab.ledger) as found:
        yield found


def test_a_run_and_a_job_can_be_called_off(lab: Laboratory, served: Served) -> None:
    """With the reason that was given, or one of its own; a second time there is nothing left."""
    lab.submit(command("a"), command("b"))
    answer = served.ask(f"/api/v1/jobs/{lab.job_ids[0]}/cancel", "POST", value={"reason": "no longer wanted"})
    assert answer.status == 200
    assert answer.value == {"job_id": lab.job_ids[0], "cancelled": 1}
    assert lab.ledger.views.job(lab.job_ids[0]).reason == "no longer wanted"
    path = f"/api/v1/runs/{lab.run_id}/cancel"
    assert served.ask(path, "POST", value={}).value["cancelled"] == 1
    assert lab.outcome is Outcome.CANCELLED
    assert lab.ledger.views.job(lab.job_ids[1]).reason == "cancelled in the dashboard"
    assert served.ask(path, "POST", value={}).value["cancelled"] == 0


def test_a_worker_hears_that_it_is_to_drain(lab: Laboratory, served: Served) -> None:
    """The ledger tells it with the answer to its next heartbeat; one that is gone cannot be drained."""
    lab.ledger.workers.register(worker("w1"))
    answer = served.ask("/api/v1/workers/w1/drain", "POST", value={})
    assert answer.value == {"worker_id": "w1", "state": "draining"}
    assert lab.ledger.workers.heartbeat("w1", _LOAD) is WorkerState.DRAINING
    lab.ledger.workers.set_state("w1", WorkerState.OFFLINE)
    assert served.ask("/api/v1/workers/w1/drain", "POST", value={}).status == 409


def test_a_breaker_is_taken_in_hand(lab: Laboratory, clustered: Served) -> None:
    """What an operator decides is done, is kept in the ledger, and is seen in the list and in the breaker's history."""
    lab.ledger.workers.register(worker("w1"))
    store = clustered.laboratory.breakers()
    assert store is not None
    target = Target(hardware="cpu", name="dtf@w1")
    path = "/api/v1/breakers/cpu/dtf@w1"
    told = clustered.ask(path, "POST", value={"mode": "open", "reason": "a new kernel"})
    assert told.status == 200
    assert (told.value["mode"], told.value["reason"]) == ("forced_open", "a new kernel")
    assert lab.ledger.breakers.orders()[target].mode is BreakerMode.FORCED_OPEN
    (listed,) = clustered.ask("/api/v1/breakers?mode=forced_open&search=DTF").value["items"]
    assert listed["target"] == "cpu/dtf@w1"
    one = clustered.ask(path).value
    assert one["reason"] == "by an operator: a new kernel"
    assert len(one["history"]) == 1
    assert clustered.ask(path, "POST", value={"mode": "auto"}).value["mode"] == "auto"
    assert clustered.ask("/api/v1/breakers?mode=forced_open").value["items"] == []
    assert clustered.ask("/api/v1/breakers/cpu/other", "POST", value={"mode": "auto"}).status == 404


def test_breakers_are_paged_by_target(lab: Laboratory, clustered: Served) -> None:
    """As every list, in both directions, filtered."""
    for name in "abc":
        lab.ledger.workers.register(worker(name))
        clustered.ask(f"/api/v1/breakers/cpu/dtf@{name}", "POST", value={"mode": "metrics"})
    for sort, order in (("target", "abc"), ("-target", "cba")):
        names, after = [], ""
        while True:
            page = clustered.ask(f"/api/v1/breakers?sort={sort}&limit=1{after}").value
            names += [row["name"] for row in page["items"]]
            if "next" not in page:
                break
            after = f"&after={page['next']}"
        assert names == [f"dtf@{name}" for name in order]
    assert clustered.ask("/api/v1/breakers?name=dtf@a,dtf@c&hardware=cpu&state=closed").value["items"][1]["bad"] >= 0
    assert clustered.ask("/api/v1/breakers?hardware=cuda").value["items"] == []


_ACTIONS = ["runs/{run}/cancel", "jobs/{job}/cancel", "workers/w1/drain", "breakers/cpu/dtf@w1"]


#: What is sent, and with which status it is refused.
_WRONG: list[tuple[dict[str, Any], int]] = [
    ({"body": b"{}", "Content_Type": "text/plain"}, 415),
    ({"body": b"a=b", "Content_Type": "application/x-www-form-urlencoded"}, 415),
    ({"body": b"{}"}, 415),
    ({"body": b"{", "Content_Type": "application/json"}, 400),
    ({"body": b"\xff", "Content_Type": "application/json"}, 400),
    ({"body": b"NaN", "Content_Type": "application/json"}, 400),
    ({"body": b"[" * 100_000, "Content_Type": "application/json"}, 400),
    ({"body": b" " * (2**20 + 1), "Content_Type": "application/json; charset=utf-8"}, 413),
    ({"value": []}, 400),
    ({"value": {"why": "x"}}, 400),
    ({"value": {"reason": 7}}, 400),
    ({"value": {"reason": "a\nb", "mode": "auto"}}, 400),
    ({"value": {"reason": "x" * 501, "mode": "auto"}}, 400),
    ({"value": {}, "Origin": "http://elsewhere.example"}, 403),
]


@pytest.mark.parametrize("path", _ACTIONS)
def test_what_cannot_be_done_changes_nothing(lab: Laboratory, clustered: Served, path: str) -> None:
    """Whatever is wrong with what is sent: one status, and all is as it was."""
    lab.submit(command())
    lab.ledger.workers.register(worker("w1"))
    where = f"/api/v1/{path.format(run=lab.run_id, job=lab.job_ids[0])}"
    for sent, status in _WRONG:
        answer = clustered.ask(where, "POST", **sent)
        assert answer.status == status, (sent, answer)
    assert lab.outcome is None
    assert lab.ledger.workers.heartbeat("w1", _LOAD) is WorkerState.ONLINE
    assert lab.ledger.breakers.orders() == {}


@pytest.mark.parametrize("path", ["runs/none/cancel", "jobs/a%00b/cancel", "workers/none/drain"])
def test_nothing_is_done_to_what_there_is_not(served: Served, path: str) -> None:
    """It is not found."""
    assert served.ask(f"/api/v1/{path}", "POST", value={}).status == 404


def test_without_a_cluster_there_is_no_breaker_to_be_taken(served: Served) -> None:
    """The answer says what is missing."""
    answer = served.ask("/api/v1/breakers/cpu/x", "POST", value={"mode": "open"})
    assert answer.status == 409
    assert "no cluster" in answer.value["detail"]
    assert served.ask("/api/v1/breakers/cpu/x", "POST", value={"mode": "ajar"}).status == 400


def test_a_read_only_dashboard_changes_nothing(lab: Laboratory, tmp_path: Path) -> None:
    """Every action is refused, and what is read is read."""
    lab.submit(command())
    with serving(embedded(tmp_path / "state"), lab.ledger, read_only=True) as served:
        for path in _ACTIONS:
            where = f"/api/v1/{path.format(run=lab.run_id, job=lab.job_ids[0])}"
            assert served.ask(where, "POST", value={}).status == 403
        assert served.ask(f"/api/v1/runs/{lab.run_id}").status == 200
    assert lab.outcome is None


def test_other_methods_are_not_allowed(served: Served) -> None:
    """The answer says which are."""
    answer = served.ask("/api/v1/runs/x/cancel")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    answer = served.ask("/api/v1/jobs", "DELETE")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET")
    answer = served.ask("/api/v1/breakers/cpu/x", "PUT")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST")
