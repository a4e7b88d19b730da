"""What can be asked of each of the ledger's resources, and where it stands in the tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.shard import JobState, ShardState
from dtf.domain.work import JobKind
from dtf.domain.worker import DeviceState, WorkerState
from dtf.storage.ledger.json_text import load
from dtf.storage.ledger.schema import CASE_COUNTS, artifacts, attempts, cases, jobs, runs, shards
from dtf.storage.ledger.service_schema import devices, workers

_Column = sa.ColumnElement[Any]
#: JSON's names of what columns hold.
_TYPES: Final = ((sa.Boolean, "boolean"), (sa.Integer, "integer"), (sa.Double, "number"), (sa.Text, "string"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One of them.

    Attributes:
        key: What names a row; rows that are alike in the order stand by it.
        fields: The fields of a row.
        details: The further fields of one that is asked for by its name.
        filters: By what rows can be chosen: the column, and the values that it may have; none: any.
        searched: What is searched for a part of it; None: nothing is.
        sorts: The orders: columns that are never NULL, the usual order first.
        joined: Where the fields are, if it is not one table.
        decoded: How fields are read that stand as JSON text, and what they are in JSON.
    """

    key: Mapping[str, _Column]
    fields: Mapping[str, _Column]
    details: Mapping[str, _Column] = field(default_factory=dict)
    filters: Mapping[str, tuple[_Column, tuple[str, ...]]]
    searched: _Column | None = None
    sorts: Mapping[str, tuple[_Column, ...]]
    joined: sa.FromClause | None = None
    decoded: Mapping[str, tuple[str, Callable[[str], Any]]] = field(default_factory=dict)

    def json_type(self, name: str) -> str:
        """What a field is in JSON."""
        if name in self.decoded:
            return self.decoded[name][0]
        kind = {**self.key, **self.fields, **self.details}[name].type
        return next(told for of, told in _TYPES if isinstance(kind, of))

    def place(self, sort: str) -> tuple[_Column, ...]:
        """What tells where a row stands in an order: no two rows are alike in it."""
        columns = self.sorts[sort]
        named = {str(column) for column in columns}
        return (*columns, *(column for column in self.key.values() if str(column) not in named))


def _values(kind: Any) -> tuple[str, ...]:  # noqa: ANN401  # an enumeration
    return tuple(one.value for one in kind)


def _columns(table: sa.Table, names: str) -> dict[str, _Column]:
    return {name: table.c[name] for name in names.split()}


_OBJECT, _ARRAY = ("object", load), ("array", load)

#: Where a job stands as people say it: nothing of it has begun, something has, or its verdict.
_STATUS = sa.case(
    (jobs.c.state == JobState.FINISHED.value, jobs.c.outcome),
    (jobs.c.started_at.is_(None), sa.literal("waiting", sa.Text)),
    else_=sa.literal("running", sa.Text),
)

RESOURCES: Final[Mapping[str, Resource]] = {
    "runs": Resource(
        key=_columns(runs, "run_id"),
        fields=_columns(runs, "run_id name created_at started_at finished_at outcome reason jobs labels"),
        details=_columns(runs, "deadline timeout_s ended_by cancel_outcome cancel_reason"),
        filters={"outcome": (runs.c.outcome, _values(Outcome)), "name": (runs.c.name, ())},
        searched=runs.c.name,
        sorts={"-created_at": (runs.c.created_at,), "name": (runs.c.name,)},
        decoded={"labels": _OBJECT},
    ),
    "jobs": Resource(
        key=_columns(jobs, "job_id"),
        fields={
            **_columns(jobs, "job_id run_id name kind hardware state priority created_at started_at finished_at"),
            **_columns(jobs, "outcome reason expected"),
            "status": _STATUS,
            **{column: jobs.c[column] for column in CASE_COUNTS.values()},
        },
        details=_columns(jobs, "position planned_at deselected max_failures max_retries cancel_reason fallback spec"),
        filters={
            "run_id": (jobs.c.run_id, ()),
            "status": (_STATUS, ("waiting", "running", *_values(Outcome))),
            "state": (jobs.c.state, _values(JobState)),
            "outcome": (jobs.c.outcome, _values(Outcome)),
            "kind": (jobs.c.kind, _values(JobKind)),
            "hardware": (jobs.c.hardware, ()),
            "name": (jobs.c.name, ()),
        },
        searched=jobs.c.name,
        sorts={"-created_at": (jobs.c.created_at,), "-priority": (jobs.c.priority,), "name": (jobs.c.name,)},
        decoded={"fallback": _ARRAY, "spec": _OBJECT},
    ),
    "shards": Resource(
        key=_columns(shards, "shard_id"),
        fields={
            **_columns(shards, "shard_id job_id run_id queue kind state priority attempt crashes queued_at outcome"),
            **_columns(shards, "reason cases worker_id slot"),
        },
        details={
            **_columns(shards, "rank predicted_s not_before hinted_at claimed_at lease_until finished_at done failed"),
            **_columns(shards, "refunds losses home action avoid cancel_reason"),
        },
        filters={
            "run_id": (shards.c.run_id, ()),
            "job_id": (shards.c.job_id, ()),
            "state": (shards.c.state, _values(ShardState)),
            "queue": (shards.c.queue, ()),
            "worker_id": (shards.c.worker_id, ()),
        },
        sorts={"-queued_at": (shards.c.queued_at,), "-priority": (shards.c.priority,)},
        decoded={"avoid": _ARRAY},
    ),
    "attempts": Resource(
        key=_columns(attempts, "shard_id attempt"),
        fields={
            **_columns(attempts, "shard_id attempt job_id run_id worker_id slot claimed_at recorded_at outcome"),
            **_columns(attempts, "started_at duration_s cpu_s max_rss_bytes exit_code signal reason level action"),
            **_columns(attempts, "failure cases proof"),
            "worker": workers.c.name,
        },
        filters={
            "run_id": (attempts.c.run_id, ()),
            # by the shards' index: attempts have none of their own
            "job_id": (shards.c.job_id, ()),
            "shard_id": (attempts.c.shard_id, ()),
            "worker_id": (attempts.c.worker_id, ()),
            "outcome": (attempts.c.outcome, _values(Outcome)),
        },
        sorts={"-claimed_at": (attempts.c.claimed_at,)},
        joined=attempts.join(shards, shards.c.shard_id == attempts.c.shard_id).outerjoin(
            workers, workers.c.worker_id == attempts.c.worker_id
        ),
        decoded={"proof": _OBJECT},
    ),
    "cases": Resource(
        key=_columns(cases, "job_id ordinal"),
        fields={
            **_columns(cases, "job_id ordinal shard_id attempt nodeid outcome phase duration_s started_at message"),
            **_columns(jobs, "run_id"),
        },
        details=_columns(cases, "crashes details output properties"),
        filters={
            "job_id": (cases.c.job_id, ()),
            "run_id": (jobs.c.run_id, ()),
            "outcome": (cases.c.outcome, _values(CaseOutcome)),
            "nodeid": (cases.c.nodeid, ()),
        },
        searched=cases.c.nodeid,
        sorts={"ordinal": (cases.c.job_id, cases.c.ordinal), "-duration_s": (cases.c.duration_s,)},
        joined=cases.join(jobs, jobs.c.job_id == cases.c.job_id),
        decoded={"properties": _OBJECT},
    ),
    "workers": Resource(
        key=_columns(workers, "worker_id"),
        fields={
            **_columns(workers, "worker_id name host state slots registered_at seen_at version memory_bytes cpu_count"),
            **_columns(workers, "queues tags load"),
        },
        details=_columns(workers, "pid fingerprint slot_table"),
        filters={"state": (workers.c.state, _values(WorkerState)), "name": (workers.c.name, ())},
        searched=workers.c.name,
        sorts={"name": (workers.c.name,), "-seen_at": (workers.c.seen_at,)},
        decoded={"queues": _ARRAY, "tags": _ARRAY, "load": _OBJECT, "slot_table": _ARRAY},
    ),
    "devices": Resource(
        key=_columns(devices, "worker_id position"),
        fields={
            **_columns(devices, "worker_id position kind uuid name state simulated reason details"),
            "worker": workers.c.name,
            "worker_state": workers.c.state,
        },
        filters={
            "worker_id": (devices.c.worker_id, ()),
            "kind": (devices.c.kind, ()),
            "state": (devices.c.state, _values(DeviceState)),
        },
        sorts={"kind": (devices.c.kind,), "name": (devices.c.name,)},
        joined=devices.join(workers, workers.c.worker_id == devices.c.worker_id),
        decoded={"details": _OBJECT},
    ),
    "artifacts": Resource(
        key=_columns(artifacts, "shard_id attempt position"),
        fields={
            **_columns(artifacts, "shard_id attempt position run_id name size media_type digest"),
            **_columns(shards, "job_id"),
        },
        filters={
            "run_id": (artifacts.c.run_id, ()),
            "job_id": (shards.c.job_id, ()),
            "shard_id": (artifacts.c.shard_id, ()),
        },
        sorts={"name": (artifacts.c.name,)},
        joined=artifacts.join(shards, shards.c.shard_id == artifacts.c.shard_id),
    ),
}
