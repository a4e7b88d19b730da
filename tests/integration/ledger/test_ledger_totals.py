"""What is counted as it goes is what a plain count of everything gives."""

from functools import partial
from random import Random

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.ports.monitor import Totals
from dtf.domain.shard import Requeue
from dtf.storage.database import now
from dtf.storage.ledger import totals
from dtf.storage.ledger.schema import jobs
from dtf.storage.ledger.totals import OVERLAP_S, RECOUNT_S, RunningTotals
from tests.integration.ledger.laboratory import Laboratory, cases, command, result

_JOBS = "SELECT state, started_at IS NULL, outcome, count(*) FROM jobs GROUP BY 1, 2, 3"
_CASES = "SELECT outcome, count(*) FROM cases GROUP BY 1"
_ATTEMPTS = "SELECT worker_id, outcome, count(*) FROM attempts WHERE outcome IS NOT NULL GROUP BY 1, 2"
_RUNS = "SELECT count(*), sum(CASE WHEN outcome IS NULL THEN 1 ELSE 0 END) FROM runs"


def _plain(connection: Connection) -> Totals:
    """All of it counted, cases one by one."""
    runs, runs_open = connection.execute(sa.text(_RUNS)).one()
    groups = connection.execute(sa.text(_JOBS)).all()
    counted = {row[0]: row[1] for row in connection.execute(sa.text(_CASES))}
    found: dict[str, dict[str, int]] = {}
    for worker_id, outcome, count in connection.execute(sa.text(_ATTEMPTS)):
        found.setdefault(worker_id, {})[outcome] = count
    finished: dict[str, int] = {}
    for state, _, outcome, count in groups:
        if state == "finished":
            finished[outcome] = finished.get(outcome, 0) + count
    return Totals(
        runs=runs,
        runs_open=int(runs_open or 0),
        jobs_waiting=sum(row[3] for row in groups if row[0] != "finished" and row[1]),
        jobs_running=sum(row[3] for row in groups if row[0] != "finished" and not row[1]),
        jobs=finished,
        cases={outcome.value: counted.get(outcome.value, 0) for outcome in CaseOutcome},
        attempts=found,
    )


class House:
    """A ledger to which anything happens that can, by chance."""

    def __init__(self, lab: Laboratory, random: Random) -> None:
        self.lab, self.random = lab, random
        self.runs: list[str] = []
        self.steps = (
            self.submit, self.plan, self.work, self.work, self.work, self.cancel, self.release,
        )  # fmt: skip

    def submit(self) -> None:
        self.lab.submit(*(command(str(number)) for number in range(self.random.randint(1, 4))))
        self.runs.append(self.lab.run_id)

    def plan(self) -> None:
        if not self.lab.waiting():
            self.lab.plan(*(self.random.randint(1, 3) for _ in range(self.random.randint(1, 3))))
            self.runs.append(self.lab.run_id)

    def work(self) -> None:
        for shard_id in self.lab.waiting()[:1]:
            worker_id = self.random.choice(["w1", "w2"])
            shard = self.lab.claim(shard_id, worker_id)
            if self.random.random() < 0.2:
                return  # it is still under way
            outcome = self.random.choice([Outcome.PASSED, Outcome.FAILED, Outcome.INFRA, Outcome.ERROR])
            told = cases(shard, self.random.choice(list(CaseOutcome)), self.random.choice([1, None]))
            disposition = Requeue(reason="again") if outcome is Outcome.INFRA else None
            self.lab.record(result(shard, outcome, told), disposition)

    def cancel(self) -> None:
        if self.runs and self.random.random() < 0.3:
            self.lab.ledger.submissions.cancel_run(self.random.choice(self.runs), "chance")

    def release(self) -> None:
        self.lab.ledger.shards.release_worker(self.random.choice(["w1", "w2"]), "chance")


@pytest.mark.parametrize("seed", range(4))
def test_totals_are_always_those_of_a_plain_count(lab: Laboratory, seed: int) -> None:
    """Whatever happens to runs, and whenever it is looked: one that has looked all along, and one that comes new."""
    random = Random(seed)
    house, along = House(lab, random), RunningTotals()
    lab.lead()
    database, ended = lab.ledger.database, 0
    for _ in range(60):
        random.choice(house.steps)()
        if random.random() < 0.6:
            expected = database.read(_plain)
            assert database.snapshot(lambda connection: along.look(connection, 1000.0)) == expected
            ended = max(ended, sum(expected.jobs.values()))
    expected = database.read(_plain)
    assert lab.ledger.monitor.moment().totals == expected
    assert ended > 5


def _finish(job_id: str, ago_s: float, connection: Connection) -> None:
    values = {"state": "finished", "outcome": "cancelled", "finished_at": now() - ago_s}
    connection.execute(sa.update(jobs).where(jobs.c.job_id == job_id).values(**values))


def test_what_is_seen_late_is_counted_once(lab: Laboratory) -> None:
    """A transaction that took its time is seen behind others that finished after it, and everything just once."""
    lab.submit(*(command(str(number)) for number in range(3)))
    database, along = lab.ledger.database, RunningTotals()

    def look(at: float) -> Totals:
        return database.snapshot(lambda connection: along.look(connection, at))

    assert look(1000.0).jobs == {}
    for job_id, ago_s in zip(lab.job_ids, (0.0, OVERLAP_S / 2, OVERLAP_S - 5), strict=True):
        database.write(partial(_finish, job_id, ago_s))
        assert look(1001.0) == database.read(_plain)
        assert look(1002.0) == database.read(_plain)


def test_what_was_seen_too_late_is_found_at_the_next_recount(lab: Laboratory) -> None:
    """Even a transaction that took longer than is allowed for is missed for a while only; so is a clock set back."""
    lab.submit(command("a"), command("b"))
    database, along = lab.ledger.database, RunningTotals()

    def look(at: float) -> Totals:
        return database.snapshot(lambda connection: along.look(connection, at))

    database.write(partial(_finish, lab.job_ids[0], 0.0))
    assert look(1000.0).jobs == {"cancelled": 1}
    database.write(partial(_finish, lab.job_ids[1], 10 * OVERLAP_S))
    assert look(1001.0).jobs == {"cancelled": 1}
    assert look(1000.0 + RECOUNT_S) == database.read(_plain)
    assert look(999.0) == database.read(_plain)


def test_many_new_ones_are_counted_with_all(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a large run ends at once."""
    monkeypatch.setattr(totals, "_MOST_NEW", 2)
    lab.submit(*(command(str(number)) for number in range(5)))
    database, along = lab.ledger.database, RunningTotals()
    database.snapshot(lambda connection: along.look(connection, 1000.0))
    lab.ledger.submissions.cancel_run(lab.run_id, "all of it")
    found = database.snapshot(lambda connection: along.look(connection, 1001.0))
    assert found == database.read(_plain)
    assert found.jobs == {"cancelled": 5}


def test_a_run_that_is_over_is_read_once(lab: Laboratory) -> None:
    """A moment has it as it ended, and one that goes on as it stands."""
    lab.submit(command("a"))
    over = lab.run_id
    lab.record(result(lab.claim()))
    lab.submit(command("b"), command("c"))
    lab.record(result(lab.claim()))
    monitor = lab.ledger.monitor
    before = {view.run_id: view for view in monitor.moment().runs}
    assert before[lab.run_id].jobs_finished == 1
    lab.record(result(lab.claim()))
    after = {view.run_id: view for view in monitor.moment().runs}
    assert after[over] == before[over] == lab.ledger.views.run(over)
    assert after[lab.run_id] == lab.ledger.views.run(lab.run_id)
    assert after[lab.run_id].jobs_finished == 2
