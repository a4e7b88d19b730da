import asyncio
from ast import literal_eval
from collections.abc import Callable, Collection
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from dtf.dashboard.hints.hint import Hint, answer_of, hint_of
from dtf.dashboard.hints.shown import Known, shown
from dtf.dashboard.hints.truth import HintState, Truth
from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.outcome import Outcome
from dtf.domain.ports.fates import Fates, JobFate, ShardFate
from dtf.domain.shard import ShardState

JOB = JobFate(job_id="j1", run_id="r1", name="tests: <b>", outcome=None)
CLAIMED = ShardFate(
    shard_id="s1",
    job=JOB,
    state=ShardState.CLAIMED,
    attempt=1,
    worker="w@h",
    outcome=None,
    reason="",
    attempts={1: None},
)
FAILED = replace(CLAIMED, state=ShardState.FINISHED, outcome=Outcome.FAILED, attempts={1: Outcome.FAILED})
PASSED = replace(FAILED, shard_id="s2", outcome=Outcome.PASSED, attempts={1: Outcome.INFRA, 2: Outcome.PASSED})
QUEUED = replace(CLAIMED, state=ShardState.QUEUED, attempt=1, worker="", attempts={1: Outcome.INFRA})


def task(state: str = "SUCCESS", result: object = None, **values: Any) -> Any:
    """A task of Celery's, as events build it."""
    usual = {"uuid": "u1", "name": "dtf.run_shard", "args": "['s1']", "worker": SimpleNamespace(hostname="w@h")}
    return SimpleNamespace(**{**usual, "exception": None, **values}, state=state, result=result)


def words(one: Any, *fates: ShardFate) -> tuple[str, str]:
    """State and result that are shown."""
    hint = hint_of(one)
    assert hint is not None
    found = shown(hint, one, Known(shards={fate.shard_id: fate for fate in fates}, jobs={JOB.job_id: JOB}))
    return found.state, found.result


def ran(*attempts: str, outcome: str = "passed", count: int | None = None) -> str:
    """What a worker answers, as events show it."""
    told = {"claimed": True, "outcome": outcome, "attempts": len(attempts) if count is None else count}
    return str({**told, "ran": list(attempts)})


def test_a_failing_test_is_no_success() -> None:
    """Celery calls a hint that was taken a success; what is shown is the ledger's outcome of the attempt."""
    assert words(task(result=ran("s1:1")), FAILED) == ("failed", "attempt 1 of s1: failed")


def test_the_gravest_of_all_attempts_that_a_hint_brought() -> None:
    """Its own shard's and those of the shards that followed on, each with its own number."""
    state, told = words(task(args="['s2']", result=ran("s2:2", "s1:1")), FAILED, PASSED)
    assert (state, told) == ("failed", "attempt 2 of s2: passed; attempt 1 of s1: failed")
    assert words(task(args="('s2',)", result=ran("s2:1")), PASSED)[0] == "infra"


def test_what_the_ledger_has_not_yet_is_not_shown_as_an_outcome() -> None:
    """Whatever the worker told: the record is what counts, and it comes."""
    one, known = task(result=ran("s1:1", outcome="passed")), Known(shards={"s1": CLAIMED})
    found = shown(Hint(shard_id="s1", told={"claimed": True, "ran": ["s1:1"]}), one, known)
    assert (found.state, found.is_final, found.is_open) == ("unrecorded", False, True)


def test_attempts_that_are_not_named_count_too() -> None:
    """A long chain names the first ones; the gravest of all is in the answer."""
    state, told = words(task(args="['s2']", result=ran("s2:2", outcome="error", count=9)), PASSED)
    assert state == "error"
    assert "8 more attempts" in told


@pytest.mark.parametrize(
    ("fate", "result", "state", "part"),
    [
        (FAILED, {"claimed": False, "reason": "the shard is not to be had"}, "superseded", "finished by attempt 1"),
        (CLAIMED, {"claimed": False, "reason": "the shard is not to be had"}, "superseded", "runs on w@h"),
        (QUEUED, {"claimed": False, "reason": "the worker is draining"}, "dropped", "waits for its attempt 2"),
        (QUEUED, {"claimed": False, "reason": "no device; the hint was put back"}, "put back", "no device"),
    ],
)
def test_a_hint_that_brought_nothing_says_so(fate: ShardFate, result: object, state: str, part: str) -> None:
    """With the reason, and with how the shard stands."""
    found, told = words(task(result=str(result)), fate)
    assert found == state
    assert part in told


@pytest.mark.parametrize(
    ("state", "fate", "expected"),
    [("RECEIVED", QUEUED, "queued"), ("STARTED", QUEUED, "queued"), ("STARTED", CLAIMED, "running"),
     ("STARTED", replace(CLAIMED, worker="other@h"), "superseded"), ("RECEIVED", FAILED, "superseded"),
     ("REVOKED", QUEUED, "revoked"), ("FAILURE", CLAIMED, "hint lost")],
)  # fmt: skip
def test_a_hint_without_an_answer(state: str, fate: ShardFate, expected: str) -> None:
    """It is under way, or its process was lost; how the shard stands is the ledger's to say."""
    assert words(task(state), fate)[0] == expected


@pytest.mark.parametrize("result", [None, "", "{'claimed': True, 'outc...", "[" * 5000, "{[]}", "{'a'}", 7, "{1: 2}"])
def test_an_answer_that_cannot_be_read_is_no_outcome(result: object) -> None:
    """It is told that it is not known."""
    assert words(task(result=result), FAILED)[0] in ("unknown", "superseded")


def test_what_the_ledger_does_not_know() -> None:
    """Nothing is guessed."""
    assert words(task(result=ran("s1:1")))[0] == "unknown"
    assert words(task(args="['../x']", result=None))[0] == "unknown"


def test_a_preparation() -> None:
    """It runs no test, and is called neither passed nor failed."""
    prepare = {"name": "dtf.prepare_suite", "args": "['j1']"}
    assert words(task(result="{'prepared': True}", **prepare))[0] == "prepared"
    assert words(task(result="{'prepared': False, 'reason': 'no'}", **prepare)) == ("dropped", "no")
    assert words(task("RECEIVED", **prepare))[0] == "queued"


def test_tasks_of_others_are_theirs() -> None:
    """By their names; one whose name is not known, by its answer."""
    assert hint_of(task(name="shop.mail", args="['s1']")) is None
    assert hint_of(task(name=None, result="{'claimed': True}")) is None
    assert hint_of(task(name=None, result="ok")) is None
    assert hint_of(task(name=None, args=None, result=ran("s1:1"))) == Hint(
        shard_id="s1", told={"claimed": True, "outcome": "passed", "attempts": 1, "ran": ["s1:1"]}
    )


@pytest.mark.parametrize("attempts", [(), ("s1:1",), ("s1:1", "s2:12", "s3:1")])
def test_the_usual_answer_is_read_as_any_other(attempts: tuple[str, ...]) -> None:
    """Quickly, and to the same."""
    usual = ran(*attempts)
    assert answer_of(usual) == literal_eval(usual) == answer_of(usual.replace("'claimed'", '"claimed"'))


class KnownFates(Fates):
    """Knows what it is given."""

    def __init__(self, *fates: ShardFate) -> None:
        self.asked = 0
        self.known: dict[str, ShardFate] = {fate.shard_id: fate for fate in fates}
        self.is_away = False

    def shards(self, shard_ids: Collection[str]) -> dict[str, ShardFate]:
        """Those of some shards."""
        self.asked += 1
        if self.is_away:
            raise LedgerUnavailableError("the database is away")
        return {shard_id: self.known[shard_id] for shard_id in shard_ids if shard_id in self.known}

    def jobs(self, job_ids: Collection[str]) -> dict[str, JobFate]:
        """Those of some jobs."""
        return {job_id: JOB for job_id in job_ids if job_id == JOB.job_id}


async def at_once(work: Callable[[], Known]) -> Known:
    """In no thread."""
    return work()


def event(state: HintState, kind: str, uuid: str, clock: int, **values: object) -> None:
    """An event of a worker's."""
    base = {"type": kind, "uuid": uuid, "hostname": "w@h", "timestamp": 100.0 + clock, "local_received": 100.0 + clock}
    state.event({**base, "clock": clock, "utcoffset": 0, "pid": 1, **values})


def deliver(state: HintState, uuid: str, name: str, argument: str, result: str, clock: int = 1) -> None:
    """A task from its beginning to its end."""
    event(state, "task-received", uuid, clock, name=name, args=f"['{argument}']", kwargs="{}")
    event(state, "task-started", uuid, clock + 1)
    event(state, "task-succeeded", uuid, clock + 2, result=result, runtime=0.5)


def bench(*fates: ShardFate) -> tuple[HintState, KnownFates, Truth]:
    """Flower's memory and a ledger."""
    state, known = HintState(max_tasks_in_memory=10), KnownFates(*fates)
    return state, known, Truth(state, known, at_once)


def found(memory: HintState, query: str, **options: Any) -> list[str]:
    """The tasks that Flower finds."""
    return list(memory.search_engine.search(memory.tasks, query, **options).task_ids)


def test_search_and_order_go_by_what_is_shown() -> None:
    """Outcomes, job names, and Celery's words for the same; tasks of others are found by their own."""
    state, known, truth = bench(FAILED, PASSED)
    deliver(state, "u1", "dtf.run_shard", "s1", ran("s1:1"))
    deliver(state, "u2", "dtf.run_shard", "s2", ran("s2:2"))
    deliver(state, "u3", "shop.mail", "s1", "'sent'")
    asyncio.run(truth.catch_up())
    assert known.asked == 1
    assert found(state, "state:failed") == found(state, "state:FAILURE") == ["u1"]
    assert found(state, "state:passed") == ["u2"]
    assert sorted(found(state, "state:SUCCESS")) == ["u2", "u3"]
    assert found(state, "", state="FAILURE") == ["u1"]
    assert (
        sorted(found(state, 'name:"tests: <b>"')) == sorted(found(state, "", task_type="dtf.run_shard")) == ["u1", "u2"]
    )
    assert sorted(found(state, "name:run_shard")) == ["u1", "u2"]
    assert found(state, "", sort_by="state") == ["u1", "u2", "u3"]  # failed, passed, SUCCESS: without case
    asyncio.run(truth.catch_up())
    assert known.asked == 1


def test_what_is_forgotten_leaves_nothing_behind() -> None:
    """Flower keeps so many tasks; the words of those that it forgot are gone with them."""
    state, _, truth = bench(FAILED)
    for number in range(30):
        deliver(state, f"u{number}", "dtf.run_shard", "s1", ran("s1:1"), clock=10 * number)
        asyncio.run(truth.catch_up())
    search = state.search_engine
    assert len(state.tasks) == len(search.documents) == len(search._shown) == 10
    assert {len(ids) for ids in search.exact_postings["state"].values()} == {10}
    assert len(found(state, "state:FAILURE")) == 10
    assert not state.changed


def test_a_ledger_that_is_away_is_no_success() -> None:
    """The page says that it is not known; when the ledger is back it is looked up."""
    state, known, truth = bench(FAILED)
    deliver(state, "u1", "dtf.run_shard", "s1", ran("s1:1"))
    known.is_away = True
    asyncio.run(truth.catch_up())
    (view,) = asyncio.run(truth.views([state.tasks["u1"]]))
    assert (view.state, view.celery.state) == ("unknown", "SUCCESS")
    assert "the database is away" in view.result
    known.is_away = False
    asyncio.run(truth.catch_up())
    (view,) = asyncio.run(truth.views([state.tasks["u1"]]))
    assert (view.name, view.state) == ("tests: <b>", "failed")


def test_a_page_looks_up_what_may_have_changed_in_one_question() -> None:
    """What is final is not asked for again."""
    state, known, truth = bench(FAILED, PASSED)
    deliver(state, "u1", "dtf.run_shard", "s1", ran("s1:1"))
    event(state, "task-received", "u2", 9, name="dtf.run_shard", args="['s2']", kwargs="{}")
    tasks = [state.tasks["u1"], state.tasks["u2"]]
    assert [view.state for view in asyncio.run(truth.views(tasks))] == ["failed", "superseded"]
    assert known.asked == 1
    asyncio.run(truth.views(tasks[:1]))
    assert known.asked == 1


def test_a_workers_counts_are_the_ledgers() -> None:
    """A hint whose test failed is no success of the worker's; one that brought nothing is neither."""
    state, _, truth = bench(FAILED, PASSED)
    deliver(state, "u1", "dtf.run_shard", "s1", ran("s1:1"))
    deliver(state, "u2", "dtf.run_shard", "s2", ran("s2:2"))
    deliver(state, "u3", "dtf.run_shard", "s2", "{'claimed': False, 'reason': 'not to be had'}")
    deliver(state, "u4", "shop.mail", "x", "'sent'")
    asyncio.run(truth.catch_up())
    assert truth.counts("w@h") == {"task-succeeded": 2, "task-failed": 1}
    assert truth.counts("nobody") == {"task-succeeded": 0, "task-failed": 0}
