"""Which reported cases count: one for each place in the manifest, the first that came from a valid attempt."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from dtf.domain.case import CaseResult
from dtf.domain.outcome import CaseOutcome
from dtf.domain.shard import AttemptResult
from dtf.storage.ledger import manifests, ordinals
from dtf.storage.ledger.bulk import insert_many
from dtf.storage.ledger.claiming import accepted_outcomes
from dtf.storage.ledger.json_text import dump
from dtf.storage.ledger.schema import CASE_COUNTS, cases, jobs
from dtf.storage.sanitiser import NAME_CAP, clean_text

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What a shard has after an attempt.

    Attributes:
        outcomes: The outcomes of its accepted cases, of all attempts.
        left: Its ordinals without an accepted case, in the order of execution.
    """

    outcomes: tuple[str, ...]
    left: tuple[int, ...]


def accept_cases(connection: Connection, job: Row[Any], shard: Row[Any], result: AttemptResult) -> Accepted:
    """Insert the attempt's cases for which there is no accepted one yet; the caller holds the lock on the job."""
    places = ordinals.unpack(shard.ordinals)
    known = accepted_outcomes(connection, job.job_id, places)
    open_places = set(places) - set(known)
    fresh: dict[int, CaseResult] = {}
    for case in result.cases:
        if case.ordinal in open_places:
            fresh.setdefault(case.ordinal, case)
        elif case.ordinal not in known:
            _log.warning(
                "case that is not in its shard dropped: shard=%s ordinal=%d nodeid=%s",
                result.shard_id,
                case.ordinal,
                case.nodeid,
            )
    _insert(connection, result, job.job_id, fresh.values())
    outcomes = (*known.values(), *(case.outcome.value for case in fresh.values()))
    left = tuple(place for place in places if place in open_places and place not in fresh)
    return Accepted(outcomes=outcomes, left=left)


def fill_cases(
    connection: Connection,
    job: Row[Any],
    shard: Row[Any],
    result: AttemptResult,
    accepted: Accepted,
    outcome: CaseOutcome,
) -> None:
    """Accept, for each place that is left, that its test could not be carried out."""
    items = manifests.load(connection, job.manifest_digest)
    filled = [
        CaseResult(
            ordinal=place,
            nodeid=clean_text(items[place].nodeid, NAME_CAP),
            outcome=outcome,
            phase="setup",
            message=result.reason,
            started_at=result.started_at,
            crashes=shard.crashes,
        )
        for place in accepted.left
    ]
    _insert(connection, result, job.job_id, filled)


def _insert(connection: Connection, result: AttemptResult, job_id: str, found: Iterable[CaseResult]) -> None:
    rows = [_row(result, job_id, case) for case in found]
    if not rows:
        return
    insert_many(connection, cases, rows)
    counts = Counter(CASE_COUNTS[CaseOutcome(row["outcome"])] for row in rows)
    values = {column: jobs.c[column] + count for column, count in counts.items()}
    connection.execute(sa.update(jobs).where(jobs.c.job_id == job_id).values(values))


def _row(result: AttemptResult, job_id: str, case: CaseResult) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "ordinal": case.ordinal,
        "shard_id": result.shard_id,
        "attempt": result.attempt,
        "outcome": case.outcome.value,
        "phase": case.phase,
        "duration_s": case.duration_s,
        "started_at": case.started_at,
        "crashes": case.crashes,
        "nodeid": case.nodeid,
        "message": case.message,
        "details": case.details,
        "output": case.output,
        "properties": dump(dict(case.properties)) if case.properties else "",
    }
