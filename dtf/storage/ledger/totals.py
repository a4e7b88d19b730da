"""Counts over all that the ledger has, at the cost of what is new."""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from dtf.domain.ports.monitor import Totals
from dtf.domain.shard import JobState
from dtf.storage.ledger.schema import (
    CASE_COUNTS,
    attempts,
    is_dated_job,
    is_open_job,
    is_open_run,
    is_under_way,
    jobs,
    runs,
    shards,
)

#: A transaction that finishes jobs commits at most so long after the moment that it writes down, in seconds; one that
#: takes longer is found at the next recount.
OVERLAP_S: Final = 120.0
#: So often everything is counted anew, in seconds.
RECOUNT_S: Final = 600.0
#: With more new jobs than these it is cheaper to count everything.
_MOST_NEW: Final = 20_000
_AT_ONCE: Final = 5_000

_is_finished = jobs.c.state == JobState.FINISHED.value
_case_sums = [sa.func.coalesce(sa.func.sum(jobs.c[name]), 0).label(name) for name in CASE_COUNTS.values()]
_ended_groups = (
    sa.select(attempts.c.worker_id, attempts.c.outcome, sa.func.count().label("n"))
    .where(attempts.c.outcome.is_not(None))
    .group_by(attempts.c.worker_id, attempts.c.outcome)
)


@dataclass(slots=True)
class _Counted:
    """What was counted of jobs that are finished: neither they nor their cases and attempts change any more.

    Attributes:
        at: When everything was counted last, on the database's clock.
        mark: When the last one of them finished.
        jobs: How many there are, by outcome.
        cases: Their accepted cases, by column.
        attempts: Their attempts, by worker and outcome.
        lately: When each of those finished that are looked at again, by id.
    """

    at: float
    mark: float = 0.0
    jobs: Counter[str] = field(default_factory=Counter)
    cases: Counter[str] = field(default_factory=Counter)
    attempts: Counter[tuple[str, str]] = field(default_factory=Counter)
    lately: dict[str, float] = field(default_factory=dict)


class RunningTotals:
    """Counts over all that the ledger has.

    Finished jobs, by far the most, are counted once. Each look adds those that finished since the last one; as a
    transaction is seen some time after the moment that it writes down, it looks back a little further, and remembers
    which of those it has counted. Now and then it counts everything anew. It may be used by several threads.
    """

    def __init__(self) -> None:
        self._counted: _Counted | None = None
        self._lock = threading.Lock()

    def look(self, connection: Connection, at: float) -> Totals:
        """The counts in a snapshot.

        Args:
            connection: Inside a transaction that sees one state.
            at: When, on the database's clock.
        """
        with self._lock:
            before = self._counted
            if before is None or not before.at <= at < before.at + RECOUNT_S:
                self._counted = _count_all(connection, at)
            else:
                self._counted = _with_new(connection, before, at)
            return _with_open(connection, self._counted)


def _count_all(connection: Connection, at: float) -> _Counted:
    found = _Counted(at=at)
    for row in connection.execute(
        sa.select(jobs.c.outcome, sa.func.count().label("n"), *_case_sums).where(_is_finished).group_by(jobs.c.outcome)
    ):
        _add(found, row, row.n)
    ended = _ended_groups.join(jobs, jobs.c.job_id == attempts.c.job_id).where(_is_finished)
    found.attempts.update({(row.worker_id, row.outcome): row.n for row in connection.execute(ended)})
    found.mark = connection.scalar(sa.select(sa.func.max(jobs.c.finished_at)).where(is_dated_job)) or 0.0
    lately = sa.select(jobs.c.job_id, jobs.c.finished_at).where(jobs.c.finished_at > found.mark - OVERLAP_S)
    found.lately = {row.job_id: row.finished_at for row in connection.execute(lately)}
    return found


def _with_new(connection: Connection, before: _Counted, at: float) -> _Counted:
    """The same with the jobs that finished since; what it is given stays as it is."""
    since = before.mark - OVERLAP_S
    wanted = sa.select(
        jobs.c.job_id, jobs.c.finished_at, jobs.c.outcome, *(jobs.c[name] for name in CASE_COUNTS.values())
    ).where(jobs.c.finished_at > since)
    new = [row for row in connection.execute(wanted) if row.job_id not in before.lately]
    if not new:
        return before
    if len(new) > _MOST_NEW:
        return _count_all(connection, at)
    mark = max(before.mark, *(row.finished_at for row in new))
    lately = {**before.lately, **{row.job_id: row.finished_at for row in new}}
    found = _Counted(
        at=before.at,
        mark=mark,
        jobs=Counter(before.jobs),
        cases=Counter(before.cases),
        attempts=Counter(before.attempts),
        lately={job_id: when for job_id, when in lately.items() if when > mark - OVERLAP_S},
    )
    for row in new:
        _add(found, row, 1)
    found.attempts.update(_ended(connection, [row.job_id for row in new]))
    return found


def _add(found: _Counted, row: Row[Any], count: int) -> None:
    found.jobs[row.outcome] += count
    # Postgres sums integers to decimals
    found.cases.update({name: int(getattr(row, name)) for name in CASE_COUNTS.values()})


def _ended(connection: Connection, job_ids: Sequence[str]) -> Counter[tuple[str, str]]:
    """The ended attempts of some jobs, found by the index of their shards."""
    found: Counter[tuple[str, str]] = Counter()
    by_shard = _ended_groups.join(shards, shards.c.shard_id == attempts.c.shard_id)
    for start in range(0, len(job_ids), _AT_ONCE):
        some = job_ids[start : start + _AT_ONCE]
        for row in connection.execute(by_shard.where(shards.c.job_id.in_(some))):
            found[row.worker_id, row.outcome] += row.n
    return found


def _with_open(connection: Connection, counted: _Counted) -> Totals:
    """What was counted, with the runs, and the jobs that are not finished."""
    under_way = connection.execute(sa.select(sa.func.count().label("n"), *_case_sums).where(is_under_way)).one()
    job_ids = connection.scalars(sa.select(jobs.c.job_id).where(is_under_way)).all()
    waiting = sa.select(sa.func.count()).where(is_open_job, jobs.c.started_at.is_(None))
    is_open = sa.select(sa.func.count()).select_from(runs).where(is_open_run)
    return Totals(
        runs=int(connection.scalar(sa.select(sa.func.count()).select_from(runs)) or 0),
        runs_open=int(connection.scalar(is_open) or 0),
        jobs_waiting=int(connection.scalar(waiting) or 0),
        jobs_running=under_way.n,
        jobs=dict(counted.jobs),
        cases={
            outcome.value: counted.cases[name] + int(getattr(under_way, name)) for outcome, name in CASE_COUNTS.items()
        },
        attempts=_by_worker((counted.attempts, _ended(connection, job_ids))),
    )


def _by_worker(counts: Iterable[Mapping[tuple[str, str], int]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for one in counts:
        for (worker_id, outcome), count in one.items():
            found[worker_id][outcome] = found[worker_id].get(outcome, 0) + count
    return dict(found)
