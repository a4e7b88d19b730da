"""How long tests took before, from the ledger's accepted cases."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.outcome import CaseOutcome
from dtf.domain.ports.durations import Durations
from dtf.domain.proof import INJECTED
from dtf.domain.shard import JobState
from dtf.storage.ledger import Ledger
from dtf.storage.ledger.schema import attempts, cases, jobs, shards
from dtf.storage.sanitiser import NAME_CAP, clean_text

#: How many earlier jobs are looked at: enough to even out noise, few enough to follow a change.
_JOBS = 5

#: What says nothing about how long the test takes.
_UNTIMED = (CaseOutcome.INFRA.value, CaseOutcome.TIMEOUT.value)


class LedgerDurations(Durations):
    """Predicts a test's duration as its mean over the latest finished jobs of the same name and hardware."""

    def __init__(self, ledger: Ledger) -> None:
        self._database = ledger.database

    def predict(self, suite: str, hardware: str, nodeids: Sequence[str]) -> Mapping[str, float]:
        """Predicted seconds for those of the node ids that are known; the others are missing."""
        names = clean_text(suite, NAME_CAP), clean_text(hardware, NAME_CAP)
        means = self._database.read(lambda connection: _means(connection, *names))
        # as they are stored, so that an odd node id finds itself
        stored = ((nodeid, clean_text(nodeid, NAME_CAP)) for nodeid in nodeids)
        return {nodeid: means[key] for nodeid, key in stored if key in means}


def _means(connection: Connection, suite: str, hardware: str) -> dict[str, float]:
    latest = (
        sa.select(jobs.c.job_id)
        .where(jobs.c.name == suite, jobs.c.hardware == hardware, jobs.c.state == JobState.FINISHED.value)
        .order_by(jobs.c.created_at.desc())
        .limit(_JOBS)
    )
    ids = connection.scalars(latest).all()
    if not ids:
        return {}
    mean = sa.func.avg(cases.c.duration_s)
    statement = (
        sa.select(cases.c.nodeid, mean)
        # what ran on fallback hardware says nothing about how long it takes on its own
        .join(shards, shards.c.shard_id == cases.c.shard_id)
        .where(cases.c.job_id.in_(ids), cases.c.outcome.not_in(_UNTIMED), shards.c.home == "")
        # and what met a failure on purpose says nothing either
        .where(shards.c.shard_id.not_in(_injected(ids)))
        .group_by(cases.c.nodeid)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def _injected(job_ids: Sequence[str]) -> sa.Select[tuple[str]]:
    """The shards of some jobs into which a failure was injected."""
    return (
        sa.select(attempts.c.shard_id)
        .join(shards, shards.c.shard_id == attempts.c.shard_id)
        .where(shards.c.job_id.in_(job_ids), attempts.c.proof.contains(f'"{INJECTED}"', autoescape=True))
    )
