"""Where work goes while the breakers of its own hardware are open, over the ledger's tables."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.codec import from_json
from dtf.domain.events import EventKind
from dtf.domain.ports.control import Term
from dtf.domain.ports.fallbacks import Fallbacks, Stranded
from dtf.domain.recovery import RecoveryAction
from dtf.domain.specs import JobSpec
from dtf.domain.worker import WorkerInfo, WorkerState
from dtf.storage.database import Database
from dtf.storage.ledger import outbox
from dtf.storage.ledger.claiming import is_due
from dtf.storage.ledger.json_text import load
from dtf.storage.ledger.leadership import fence
from dtf.storage.ledger.schema import is_away, is_queued, jobs, shards
from dtf.storage.ledger.service_schema import workers
from dtf.storage.ledger.settling import lock_job
from dtf.storage.ledger.waiting import open_queues
from dtf.storage.ledger.worker_views import worker_infos
from dtf.storage.sanitiser import NAME_CAP, clean_text

#: So many jobs are looked at in one go; the others have their turn with the next.
_JOBS = 200


class LedgerFallbacks(Fallbacks):
    """Moves waiting shards between queues; a shard that is claimed meanwhile stays where it is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_queues(self) -> Sequence[str]:
        """The queues in which shards wait."""
        return self._database.read(open_queues)

    def live_workers(self) -> Sequence[WorkerInfo]:
        """The workers that take work."""

        def work(connection: Connection) -> Sequence[WorkerInfo]:
            online = sa.select(workers.c.worker_id).where(workers.c.state == WorkerState.ONLINE.value)
            return worker_infos(connection, connection.scalars(online).all())

        return self._database.read(work)

    def stranded(self, queue: str, after: Stranded | None = None) -> Sequence[Stranded]:
        """Some of what waits in a queue, is due, and may go elsewhere; what follows ``after`` comes first."""
        last = (after.job_id, _home(after)) if after is not None else ("", "")
        had = sa.tuple_(shards.c.job_id, shards.c.home) <= last  # sorts those behind the rest
        some = (
            sa.select(shards.c.job_id, shards.c.home, had.label("had"))
            .join(jobs, jobs.c.job_id == shards.c.job_id)
            .where(is_queued, is_due, shards.c.queue == queue, jobs.c.fallback != "")
            .distinct()
            .order_by(sa.text("had"), shards.c.job_id, shards.c.home)
            .limit(_JOBS)
            .subquery()
        )
        wanted = (
            sa.select(some.c.job_id, some.c.home, jobs.c.run_id, jobs.c.spec)
            .join(jobs, jobs.c.job_id == some.c.job_id)
            .order_by(some.c.had, some.c.job_id, some.c.home)
        )
        found = self._database.read(lambda connection: connection.execute(wanted).all())
        specs = [from_json(JobSpec, load(row.spec)) for row in found]
        return [
            Stranded(
                job_id=row.job_id,
                run_id=row.run_id,
                queue=queue,
                home=row.home or queue,
                job_queue=spec.queue,
                fallback=spec.fallback,
            )
            for row, spec in zip(found, specs, strict=True)
        ]

    def failed_over(self) -> Collection[str]:
        """The queues in which shards wait for which recovery has come to its last level."""
        wanted = (
            sa.select(shards.c.queue).where(is_queued, shards.c.action == RecoveryAction.FAIL_OVER.value).distinct()
        )
        return set(self._database.read(lambda connection: connection.scalars(wanted).all()))

    def move(self, term: Term, what: Stranded, queue: str, reason: str) -> int:
        """Let it wait in another queue, and tell it; return how many shards there were. What is claimed stays."""
        destination = clean_text(queue, NAME_CAP)
        home = _home(what)

        def work(connection: Connection) -> int:
            fence(connection, term)
            lock_job(connection, what.job_id)
            its = (shards.c.job_id == what.job_id) & (shards.c.queue == what.queue) & (shards.c.home == home)
            moving = sa.update(shards).where(its, is_queued, is_due)
            count = connection.execute(moving.values(queue=destination, home=what.home, hinted_at=None)).rowcount
            if count:
                _tell(connection, what.job_id, what.run_id, count, what.queue, destination, reason)
            return count

        return self._database.write(work)

    def homes(self) -> Sequence[str]:
        """The queues to which shards belong that wait elsewhere."""
        wanted = sa.select(shards.c.home).where(is_away).distinct()
        return self._database.read(lambda connection: connection.scalars(wanted).all())

    def bring_home(self, term: Term, home: str, reason: str) -> int:
        """Let what is not claimed yet wait where it belongs, and tell it; return how many shards there were."""
        wanted = sa.select(shards.c.job_id, shards.c.run_id).where(is_away, shards.c.home == home).distinct()

        def work(connection: Connection) -> int:
            fence(connection, term)
            total = 0
            for job in connection.execute(wanted.order_by(shards.c.job_id).limit(_JOBS)).all():
                lock_job(connection, job.job_id)
                its = (shards.c.job_id == job.job_id) & (shards.c.home == home)
                back = sa.update(shards).where(its, is_away).values(queue=home, home="", hinted_at=None)
                count = connection.execute(back).rowcount
                if count:
                    _tell(connection, job.job_id, job.run_id, count, "", home, reason)
                total += count
            return total

        return self._database.write(work)


def _home(what: Stranded) -> str:
    """How the ledger writes where it belongs: nothing where it is there."""
    return "" if what.home == what.queue else what.home


def _tell(
    connection: Connection, job_id: str, run_id: str, count: int, source: str, destination: str, reason: str
) -> None:
    data = {"shards": count, "from": source, "to": destination, "reason": clean_text(reason)}
    outbox.tell(connection, EventKind.JOB_MOVED, job_id, run_id, data)
