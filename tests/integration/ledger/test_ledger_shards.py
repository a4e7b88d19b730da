import logging
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.case import CaseResult
from dtf.domain.events import EventKind
from dtf.domain.manifest import Manifest
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.ports.shards import Held
from dtf.domain.shard import Artifact, AttemptResult, Finish, JobState, Metric, Requeue, ShardState
from dtf.resilience.recovery import LOST_CAP
from dtf.storage.ledger import open_ledger, recording
from dtf.storage.ledger.schema import shards
from tests.integration.ledger.laboratory import Laboratory, cases, command, result, suite, worker


def test_one_of_sixteen_claimers_wins(lab: Laboratory) -> None:
    """A shard is claimed once, however many ask at the same moment."""
    lab.submit(command())
    (shard_id,) = lab.waiting()
    together = threading.Barrier(16)

    def claim(slot: int) -> bool:
        together.wait(60)
        return lab.ledger.shards.claim(shard_id, worker_id=f"w{slot}", slot=slot, lease_s=30) is not None

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(claim, range(16))) == 1
    assert lab.ledger.views.run(lab.run_id).attempts == 1


def test_sixteen_follow_on_claimers_get_different_shards(lab: Laboratory) -> None:
    """Slots that go on with the same module at the same moment never share a shard."""
    lab.plan(*[1] * 12)
    first = lab.claim()
    together = threading.Barrier(16)

    def follow(slot: int) -> str | None:
        together.wait(60)
        claimed = lab.ledger.shards.claim_follow_on(first, worker_id="w1", slot=slot, lease_s=30)
        return claimed.shard_id if claimed else None

    with ThreadPoolExecutor(16) as pool:
        got = [shard_id for shard_id in pool.map(follow, range(16)) if shard_id]
    assert len(got) == len(set(got))
    while claimed := lab.ledger.shards.claim_follow_on(first, worker_id="w1", slot=0, lease_s=30):
        got.append(claimed.shard_id)
    assert len(set(got)) == 11


def test_follow_on_keeps_rank_order_and_gives_way(lab: Laboratory) -> None:
    """The next shard of a module comes in rank order, and not while something more urgent waits in the queue."""
    ids = lab.plan(1, 1, 1)
    first = lab.claim(ids[0])
    second = lab.ledger.shards.claim_follow_on(first, worker_id="w1", slot=0, lease_s=30)
    assert second is not None
    assert second.shard_id == ids[1]
    lab.submit(command(priority=9))
    assert lab.ledger.shards.claim_follow_on(first, worker_id="w1", slot=0, lease_s=30) is None


def test_renewal_extends_and_tells(lab: Laboratory) -> None:
    """A renewal keeps the lease, carries progress, tells of a cancel, and leaves out what is lost."""
    ids = lab.plan(2, 2)
    mine, lost = lab.claim(ids[0]), lab.claim(ids[1], worker_id="other")
    held = [
        Held(shard_id=mine.shard_id, attempt=1, done=2, failed=1),
        Held(shard_id=lost.shard_id, attempt=1),
        Held(shard_id="s-unknown", attempt=1),
    ]
    answer = lab.ledger.shards.renew("w1", held, 30)
    assert {shard_id: renewal.cancel_reason for shard_id, renewal in answer.items()} == {mine.shard_id: None}
    view = lab.ledger.views.run(lab.run_id)
    assert (view.running, view.running_failed) == (2, 1)
    lab.ledger.submissions.cancel_run(lab.run_id, "stop it")
    assert lab.ledger.shards.renew("w1", held, 30)[mine.shard_id].cancel_reason == "stop it"
    assert lab.ledger.shards.renew("w1", [replace(held[0], attempt=2)], 30) == {}
    assert lab.ledger.shards.renew("w1", [], 30) == {}


def test_record_is_repeatable(lab: Laboratory) -> None:
    """The same result recorded again (a replayed spool) is accepted and changes nothing."""
    lab.plan(3)
    shard = lab.claim()
    value = replace(
        result(shard, Outcome.PASSED, cases(shard)),
        metrics=(Metric(name="speed", value=float("inf"), unit="1/s"),),
        artifacts=(Artifact(name="a.txt", digest="sha256:0", size=1),),
    )
    before = None
    for _ in range(3):
        assert lab.record(value)
        after = lab.ledger.views.run(lab.run_id), lab.ledger.views.audit(lab.run_id)
        assert before in (None, after)
        before = after
    assert lab.outcome is Outcome.PASSED
    assert len(lab.ledger.views.artifacts(lab.run_id)) == 1
    assert lab.ledger.views.audit(lab.run_id).stale_results == 0


def test_late_record_is_stale_and_changes_nothing(lab: Laboratory) -> None:
    """The result of a superseded attempt is kept as stale once, and neither its outcome nor its cases count."""
    lab.plan(2)
    late = lab.claim()
    lab.ledger.shards.release_worker("w1", "lost")
    current = lab.claim()
    assert (late.attempt, current.attempt) == (1, 2)
    bad = result(late, Outcome.FAILED, cases(late, CaseOutcome.FAILED))
    assert not lab.record(bad)
    assert not lab.record(bad)
    assert lab.record(result(current, Outcome.PASSED, cases(current)))
    assert not lab.record(bad)
    facts = lab.ledger.views.audit(lab.run_id)
    assert facts.stale_results == 1
    assert lab.outcome is Outcome.PASSED
    assert lab.ledger.views.run(lab.run_id).cases["failed"] == 0
    stale = [event for event in lab.ledger.control.pending_events(100) if event.kind is EventKind.RESULT_STALE]
    assert len(stale) == 1


def test_partial_infra_then_the_rest(lab: Laboratory) -> None:
    """What an attempt reported before the infrastructure failed counts; the next one gets only what is left."""
    lab.plan(4)
    first = lab.claim()
    lab.record(
        result(first, Outcome.INFRA, cases(first, CaseOutcome.FAILED, 2), "worker died"), Requeue(reason="worker died")
    )
    second = lab.claim()
    assert [ordinal for ordinal, _ in second.items] == [2, 3]
    assert (second.attempt, second.crashes) == (2, 1)
    lab.record(result(second, Outcome.PASSED, cases(second)))
    view = lab.ledger.views.run(lab.run_id)
    assert (view.cases["passed"], view.cases["failed"], view.attempts) == (2, 2, 3)
    assert view.outcome is Outcome.FAILED, "failures of the first attempt are not hidden by the second"
    assert lab.ledger.views.audit(lab.run_id).accepted == {lab.job_ids[0]: {0: 1, 1: 1, 2: 1, 3: 1}}


def test_requeue_with_nothing_left_finishes(lab: Laboratory) -> None:
    """A worker that died after its last case cost nothing: the shard's verdict is that of its cases."""
    lab.plan(2)
    shard = lab.claim()
    lab.record(result(shard, Outcome.INFRA, cases(shard), "died at the end"), Requeue())
    assert lab.waiting() == []
    assert lab.outcome is Outcome.PASSED


def test_finished_infra_fills_what_is_left(lab: Laboratory) -> None:
    """When no more attempts are made, each case without a result gets one that says infra, with the reason."""
    lab.plan(3)
    shard = lab.claim()
    lab.record(result(shard, Outcome.INFRA, cases(shard, first=1), "host on fire"))
    found = list(lab.ledger.views.cases(lab.job_ids[0]))
    assert [case.outcome for case in found] == [CaseOutcome.PASSED, CaseOutcome.INFRA, CaseOutcome.INFRA]
    assert found[2].message == "host on fire"
    assert found[2].nodeid == "test_a.py::test_2"
    assert lab.outcome is Outcome.INFRA


def test_release_requeues_at_once_without_a_crash(lab: Laboratory) -> None:
    """A drained worker's shards wait again at once and no crash is counted against them."""
    lab.submit(command())
    lab.claim()
    assert lab.ledger.shards.release_worker("w1", "drained") == 1
    again = lab.claim()
    assert (again.attempt, again.crashes) == (2, 0)
    assert lab.ledger.shards.release_worker("nobody", "x") == 0


def test_what_takes_its_worker_along_each_time_is_not_given_back_for_ever(lab: Laboratory) -> None:
    """Ten times as often as it may be tried, by release or by its guardian; what the worker is spared counts not."""
    lab.submit(replace(command(), max_retries=0))
    reason = "the worker's child was lost"
    for number in range(9):
        spared = replace(result(lab.claim(), Outcome.INFRA, reason="it is left to others"), crashed=False)
        lab.record(spared, Requeue(reason=spared.reason))
        shard = lab.claim()
        if number % 2:
            assert lab.ledger.shards.release_worker("w1", "the guardian is back") == 1
        else:
            lost = replace(result(shard, Outcome.INFRA, reason=reason), crashed=False, lost=True)
            assert lab.record(lost, Requeue(reason=reason))
        assert lab.outcome is None
    assert lab.claim().crashes == 0
    assert lab.ledger.shards.release_worker("w1", "the guardian is back") == 1
    assert lab.outcome is Outcome.INFRA
    (found,) = lab.ledger.views.shards(lab.job_ids[0])
    assert "given back 10 times, each time as the worker or a process of it went away" in found.reason
    assert "(the last time: the guardian is back)" in found.reason
    assert (found.crashes, found.attempt) == (0, 19)


def test_a_suite_that_takes_its_worker_along_keeps_what_it_reported(lab: Laboratory) -> None:
    """Its cases stand; those that never ran are told as the infrastructure's, with the reason."""
    lab.plan(2)
    first = lab.claim()
    lab.record(
        replace(result(first, Outcome.INFRA, cases(first, first=1), "lost"), crashed=False, lost=True), Requeue()
    )
    losses = {"losses": LOST_CAP * (1 + first.job.max_retries) - 1}
    lab.ledger.database.write(lambda connection: connection.execute(sa.update(shards).values(losses)))
    lab.claim()
    lab.ledger.shards.release_worker("w1", "the guardian is back")
    assert lab.outcome is Outcome.INFRA
    found = list(lab.ledger.views.cases(lab.job_ids[0]))
    assert [case.outcome for case in found] == [CaseOutcome.PASSED, CaseOutcome.INFRA]
    assert "what it runs may be what ends them" in found[1].message


def test_requeued_shard_waits_for_its_delay(lab: Laboratory) -> None:
    """A shard that was sent out again with a delay is neither offered nor to be had before."""
    lab.submit(command())
    shard = lab.claim()
    lab.record(result(shard, Outcome.INFRA), Requeue(delay_s=1000))
    assert lab.waiting() == []
    assert lab.ledger.shards.claim(shard.shard_id, worker_id="w1", slot=0, lease_s=30) is None
    (view,) = lab.ledger.views.shards(lab.job_ids[0])
    assert view.not_before is not None
    assert view.state is ShardState.QUEUED


@pytest.mark.parametrize("last_two", ["shards of a job", "jobs of a run"])
def test_two_workers_finishing_the_last_two_finish_the_run(lab: Laboratory, last_two: str) -> None:
    """The second of two last records waits for the first one's commit, sees it, and ends job and run, told once."""
    if last_two == "jobs of a run":
        lab.submit(command("a"), command("b"))
    ids = lab.waiting() or lab.plan(2, 2)
    first, second = (result(shard, Outcome.PASSED, cases(shard)) for shard in map(lab.claim, ids))
    written, go_on = threading.Event(), threading.Event()

    def write_and_wait(connection: Connection) -> bool:
        recorded = recording.record(connection, first, Finish(), "digest")
        written.set()
        assert go_on.wait(60)
        return recorded

    with ThreadPoolExecutor(2) as pool:
        # Given a record that is written and not yet committed, of the last shard but one
        slow = pool.submit(lab.ledger.database.write, write_and_wait)
        assert written.wait(60)
        # When the last shard's record comes
        quick = pool.submit(lab.record, second)
        done, _ = wait([quick], timeout=0.5)
        go_on.set()
        # Then it did not decide without knowing of the first
        assert not done
        assert slow.result(60)
        assert quick.result(60)
    assert lab.outcome is Outcome.PASSED
    kinds = [event.kind for event in lab.ledger.control.pending_events(1000)]
    assert kinds.count(EventKind.JOB_FINISHED) == len(lab.job_ids)
    assert kinds.count(EventKind.RUN_FINISHED) == 1


def _at_once(lab: Laboratory, results: list[AttemptResult]) -> list[bool]:
    """Record results at the same moment."""
    together = threading.Barrier(len(results))

    def record(value: AttemptResult) -> bool:
        together.wait(60)
        return lab.record(value)

    with ThreadPoolExecutor(len(results)) as pool:
        return list(pool.map(record, results))


def test_last_jobs_of_a_run_finish_together(lab: Laboratory) -> None:
    """Sixteen jobs that end at the same moment end their run."""
    lab.submit(*(command(f"c{n}") for n in range(16)))
    assert all(_at_once(lab, [result(lab.claim(shard_id)) for shard_id in lab.waiting()]))
    assert lab.outcome is Outcome.PASSED


def test_too_many_failures_stop_the_job_as_failed(lab: Laboratory) -> None:
    """At max_failures the queued shards are cancelled, the claimed ones told, and the job counts as failed."""
    ids = lab.plan(2, 2, 2, max_failures=2)
    first, second = lab.claim(ids[0]), lab.claim(ids[1])
    lab.record(result(first, Outcome.FAILED, cases(first, CaseOutcome.FAILED)))
    assert lab.waiting() == []
    answer = lab.ledger.shards.renew("w1", [Held(shard_id=second.shard_id, attempt=1)], 30)
    assert answer[second.shard_id].cancel_reason == "stopping after 2 failures"
    lab.record(result(second, Outcome.CANCELLED, cases(second, first=1)))
    view = lab.ledger.views.run(lab.run_id)
    assert (view.outcome, view.ended_by) == (Outcome.FAILED, None)
    assert lab.ledger.views.job(lab.job_ids[0]).reason == "stopping after 2 failures"
    assert view.cases["passed"] == 1


@pytest.mark.parametrize(
    ("outcome", "found", "verdict"),
    [
        (Outcome.ERROR, None, Outcome.ERROR),
        (Outcome.PASSED, Manifest(items=()), Outcome.EMPTY),
        (Outcome.EMPTY, None, Outcome.EMPTY),
        (Outcome.PASSED, None, Outcome.ERROR),
        (Outcome.TIMEOUT, None, Outcome.TIMEOUT),
    ],
)
def test_collection_that_brings_nothing_ends_the_job(
    lab: Laboratory, outcome: Outcome, found: Manifest | None, verdict: Outcome
) -> None:
    """A suite that cannot be collected is an error, one with no tests is empty: never passed."""
    lab.submit(suite())
    shard = lab.claim()
    lab.record(replace(result(shard, outcome), manifest=found))
    job = lab.ledger.views.job(lab.job_ids[0])
    assert (job.state, job.outcome, lab.outcome) == (JobState.FINISHED, verdict, verdict)
    assert lab.ledger.control.jobs_to_plan() == []


def test_case_outside_its_shard_does_not_count(lab: Laboratory, caplog: pytest.LogCaptureFixture) -> None:
    """A case that belongs to another shard, or to none, is dropped and logged."""
    ids = lab.plan(1, 1)
    shard = lab.claim(ids[0])
    foreign = CaseResult(ordinal=1, nodeid="x", outcome=CaseOutcome.FAILED)
    with caplog.at_level(logging.WARNING):
        lab.record(result(shard, Outcome.PASSED, [*cases(shard), foreign, replace(foreign, ordinal=99)]))
    assert [case.ordinal for case in lab.ledger.views.cases(lab.job_ids[0])] == [0]
    assert "not in its shard" in caplog.text


def test_what_cannot_be_stored_is_stored_marked(lab: Laboratory) -> None:
    """NUL, lone surrogates and numbers that are not finite reach both databases as marks."""
    lab.plan(30)
    shard = lab.claim()
    odd = [
        replace(case, message="a\0b", output="\ud800", details="tab\tline\nback\\slash\r", duration_s=float("nan"))
        for case in cases(shard)
    ]
    value = replace(result(shard, Outcome.PASSED, odd), reason="\0", proof={"k\0": "\udcff"}, exit_code=2**70)
    assert lab.record(value)
    first = next(lab.ledger.views.cases(lab.job_ids[0]))
    assert (first.message, first.output, first.duration_s) == ("a␀b", "\\ud800", 0.0)
    assert first.details == "tab\tline\nback\\slash\r"
    attempt = lab.ledger.views.attempts(lab.run_id)[-1]
    assert (attempt.reason, attempt.exit_code, dict(attempt.proof)) == ("␀", 2**63 - 1, {"k␀": "\\udcff"})


@pytest.mark.parametrize("message", ["lone \udcff", "number"])
def test_result_that_the_database_refuses_is_recorded_as_an_error(
    lab: Laboratory, monkeypatch: pytest.MonkeyPatch, message: str
) -> None:
    """What gets past the sanitiser and is refused does not loop: the shard ends as an error with the reason."""
    monkeypatch.setattr("dtf.storage.ledger.shards.clean_result", lambda value: value)
    lab.plan(30)
    shard = lab.claim()
    refused = [replace(case, message=message) for case in cases(shard)]
    exit_code = 2**70 if message == "number" else 0
    value = replace(result(shard, Outcome.PASSED, refused), exit_code=exit_code)
    assert lab.record(value)
    assert lab.record(value), "a repeat is known again"
    assert lab.outcome is Outcome.ERROR
    job = lab.ledger.views.job(lab.job_ids[0])
    assert job.cases["error"] == 30
    assert "refuses the data" in job.reason


def test_late_worker_cannot_touch_a_finished_job(lab: Laboratory) -> None:
    """After the end no claim, renewal or release changes anything."""
    lab.submit(command())
    shard = lab.claim()
    lab.record(result(shard))
    assert lab.ledger.shards.claim(shard.shard_id, worker_id="w2", slot=0, lease_s=30) is None
    assert lab.ledger.shards.renew("w1", [Held(shard_id=shard.shard_id, attempt=1)], 30) == {}
    assert lab.ledger.shards.release_worker("w1", "x") == 0
    assert lab.ledger.shards.job(lab.job_ids[0]) is None


def test_unknown_shard_is_dropped(lab: Laboratory) -> None:
    """A spooled result of another database's shard is dropped, not looped."""
    lab.submit(command())
    shard = lab.claim()
    assert not lab.record(replace(result(shard), shard_id="s-elsewhere"))


def test_log_pieces_keep_order_and_repeat_harmlessly(lab: Laboratory) -> None:
    """A log comes back in the order of arrival, from any position; a repeated piece changes nothing."""
    lab.submit(command())
    shard = lab.claim()
    for sequence, data in enumerate([b"one\n", b"\x00\xff two\n", b"three\n"]):
        lab.ledger.shards.append_log(shard.shard_id, 1, sequence, data)
        lab.ledger.shards.append_log(shard.shard_id, 1, sequence, b"other")
    pieces = lab.ledger.views.log(lab.run_id)
    assert [piece[3] for piece in pieces] == [b"one\n", b"\x00\xff two\n", b"three\n"]
    assert [piece[3] for piece in lab.ledger.views.log(lab.run_id, after=pieces[1][0])] == [b"three\n"]
    lab.ledger.shards.append_log("s-unknown", 1, 0, b"x")


def test_two_openings_see_one_ledger(lab: Laboratory, ledger_url: str) -> None:
    """Two processes' ledgers over one database share their state."""
    lab.submit(command())
    lab.ledger.workers.register(worker())
    other = open_ledger(ledger_url)
    try:
        assert other.views.run(lab.run_id).jobs == 1
        assert other.views.resolve_run("last") == lab.run_id
        assert other.views.resolve_run(lab.run_id[:6]) == lab.run_id
    finally:
        other.close()
