"""What can be asked of each of the ledger's resources, and where it stands in the tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
        filters: By what rows can be chosen: the column, and the values that it may have; none: any.
        sorts: The orders: columns that are never NULL, the usual one first.
        joined: Where the fields are, if it is not one table.
        decoded: How fields are read that stand as JSON text.
    """

    key: tuple[_Column, ...]
    fields: Mapping[str, _Column]
    filters: Mapping[str, tuple[_Column, tuple[str, ...]]]
    sorts: Mapping[str, _Column]
    joined: sa.FromClause | None = None
    decoded: Mapping[str, Callable[[str], Any]] = None  # type: ignore[assignment]

    def json_type(self, name: str) -> str:
        """What a field is in JSON."""
        if name in (self.decoded or {}):
            return "object"
        kind = self.fields[name].type
        return next((told for of, told in _TYPES if isinstance(kind, of)), "string")


def _values(kind: Any) -> tuple[str, ...]:  # noqa: ANN401  # an enumeration
    return tuple(one.value for one in kind)


def _columns(table: sa.Table, names: str) -> dict[str, _Column]:
    return {name: table.c[name] for name in names.split()}


RESOURCES: Final[Mapping[str, Resource]] = {
    "runs": Resource(
        key=(runs.c.run_id,),
        fields=_columns(runs, "run_id name created_at started_at finished_at outcome reason jobs labels"),
        filters={"outcome": (runs.c.outcome, _values(Outcome)), "name": (runs.c.name, ())},
        sorts={"-created_at": runs.c.created_at, "name": runs.c.name},
        decoded={"labels": load},
    ),
    "jobs": Resource(
        key=(jobs.c.job_id,),
        fields={
            **_columns(jobs, "job_id run_id name kind hardware state priority created_at started_at finished_at"),
            **_columns(jobs, "outcome reason expected"),
            **{f"cases_{outcome.value}": jobs.c[column] for outcome, column in CASE_COUNTS.items()},
        },
        filters={
            "run_id": (jobs.c.run_id, ()),
            "state": (jobs.c.state, _values(JobState)),
            "outcome": (jobs.c.outcome, _values(Outcome)),
            "kind": (jobs.c.kind, _values(JobKind)),
            "hardware": (jobs.c.hardware, ()),
            "name": (jobs.c.name, ()),
        },
        sorts={"-created_at": jobs.c.created_at, "priority": jobs.c.priority, "name": jobs.c.name},
    ),
    "shards": Resource(
        key=(shards.c.shard_id,),
        fields=_columns(
            shards, "shard_id job_id run_id queue kind state priority attempt crashes queued_at outcome reason cases"
        ),
        filters={
            "run_id": (shards.c.run_id, ()),
            "job_id": (shards.c.job_id, ()),
            "state": (shards.c.state, _values(ShardState)),
            "queue": (shards.c.queue, ()),
        },
        sorts={"-queued_at": shards.c.queued_at, "priority": shards.c.priority},
    ),
    "attempts": Resource(
        key=(attempts.c.shard_id, attempts.c.attempt),
        fields={
            **_columns(attempts, "shard_id attempt job_id run_id worker_id slot claimed_at outcome started_at"),
            **_columns(attempts, "duration_s cpu_s max_rss_bytes exit_code signal reason level action failure proof"),
        },
        filters={
            "run_id": (attempts.c.run_id, ()),
            "job_id": (attempts.c.job_id, ()),
            "shard_id": (attempts.c.shard_id, ()),
            "worker_id": (attempts.c.worker_id, ()),
            "outcome": (attempts.c.outcome, _values(Outcome)),
        },
        sorts={"-claimed_at": attempts.c.claimed_at},
        decoded={"proof": load},
    ),
    "cases": Resource(
        key=(cases.c.job_id, cases.c.ordinal),
        fields=_columns(cases, "job_id ordinal shard_id attempt nodeid outcome phase duration_s started_at message"),
        filters={
            "job_id": (cases.c.job_id, ()),
            "run_id": (jobs.c.run_id, ()),
            "outcome": (cases.c.outcome, _values(CaseOutcome)),
            "nodeid": (cases.c.nodeid, ()),
        },
        sorts={"ordinal": cases.c.ordinal, "-duration_s": cases.c.duration_s},
        joined=cases.join(jobs, jobs.c.job_id == cases.c.job_id),
    ),
    "workers": Resource(
        key=(workers.c.worker_id,),
        fields=_columns(
            workers, "worker_id name host state slots registered_at seen_at version memory_bytes cpu_count queues load"
        ),
        filters={"state": (workers.c.state, _values(WorkerState)), "name": (workers.c.name, ())},
        sorts={"name": workers.c.name, "-seen_at": workers.c.seen_at},
        decoded={"queues": load, "load": load},
    ),
    "devices": Resource(
        key=(devices.c.worker_id, devices.c.position),
        fields=_columns(devices, "worker_id position kind uuid name state simulated reason details"),
        filters={
            "worker_id": (devices.c.worker_id, ()),
            "kind": (devices.c.kind, ()),
            "state": (devices.c.state, _values(DeviceState)),
        },
        sorts={"kind": devices.c.kind, "name": devices.c.name},
        decoded={"details": load},
    ),
    "artifacts": Resource(
        key=(artifacts.c.shard_id, artifacts.c.attempt, artifacts.c.position),
        fields=_columns(artifacts, "shard_id attempt position run_id name size media_type digest"),
        filters={"run_id": (artifacts.c.run_id, ()), "shard_id": (artifacts.c.shard_id, ())},
        sorts={"name": artifacts.c.name},
    ),
}
