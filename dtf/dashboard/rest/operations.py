"""What the API can do beside lists and records: where each stands, what it takes, and who answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dtf.dashboard.rest.action import LONGEST_REASON
from dtf.dashboard.rest.artifact_content import ArtifactContent
from dtf.dashboard.rest.breakers import Breaker
from dtf.dashboard.rest.cancelling import JobCancel, RunCancel
from dtf.dashboard.rest.draining import WorkerDrain
from dtf.dashboard.rest.job_why import JobWhy
from dtf.dashboard.rest.run_log import MOST_PIECES, RunLog
from dtf.dashboard.rest.run_matrix import RunMatrix
from dtf.dashboard.rest.series import MOST_POINTS, SeriesNames, SeriesOf
from dtf.dashboard.rest.submitting import Runs
from dtf.domain.breaker import MODE_WORDS

Schema = Mapping[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_SECONDS: Final[Schema] = {"type": "number", "minimum": 0}
_REASON: Final[Schema] = {"type": "string", "maxLength": LONGEST_REASON}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One of them.

    Attributes:
        path: Below the API's root, with names in braces.
        handler: Who answers.
        summary: What it does, in a few words.
        method: ``get`` or ``post``.
        query: What may stand behind the ``?``, as JSON Schemas.
        needed: Which of that must.
        headers: Request headers that mean something, as JSON Schemas.
        body: What is sent, as a JSON Schema; None: nothing.
        statuses: With which it answers where it does what is asked.
        is_file: Whether the answer is a file and no JSON.
    """

    path: str
    handler: type
    summary: str
    method: str = "get"
    query: Mapping[str, Schema] = field(default_factory=dict)
    needed: tuple[str, ...] = ()
    headers: Mapping[str, Schema] = field(default_factory=dict)
    body: Schema | None = None
    statuses: tuple[int, ...] = (200,)
    is_file: bool = False


def _members(needed: tuple[str, ...] = (), **members: Schema) -> Schema:
    found: dict[str, Any] = {"type": "object", "properties": members, "additionalProperties": False}
    return {**found, "required": list(needed)} if needed else found


#: A task as a task file has it; what its config may hold depends on its type.
_TASK: Final[Schema] = {
    "type": "object",
    "required": ["type", "config"],
    "properties": {
        "type": {"enum": ["test", "command", "benchmark", "browser"]},
        "name": _TEXT,
        "priority": {"type": "integer"},
        "config": {
            "type": "object",
            "required": ["cwd"],
            "properties": {"cwd": {"type": "string", "description": "The absolute path of its directory."}},
        },
    },
}

OPERATIONS: Final = (
    Operation(
        path="/runs",
        handler=Runs,
        method="post",
        summary="Submit a run: a task, or a list of them, as in a task file",
        headers={"Idempotency-Key": {"type": "string", "maxLength": 200}},
        body={"oneOf": [_TASK, {"type": "array", "items": _TASK, "minItems": 1}]},
        statuses=(200, 201),
    ),
    Operation(
        path="/runs/{run_id}/cancel",
        handler=RunCancel,
        method="post",
        summary="Call off a run",
        body=_members(reason=_REASON),
    ),
    Operation(
        path="/jobs/{job_id}/cancel",
        handler=JobCancel,
        method="post",
        summary="Call off a job",
        body=_members(reason=_REASON),
    ),
    Operation(
        path="/workers/{worker_id}/drain",
        handler=WorkerDrain,
        method="post",
        summary="Have a worker finish what it has and take nothing more",
        body=_members(),
    ),
    Operation(
        path="/breakers/{hardware}/{name}",
        handler=Breaker,
        method="post",
        summary="Take a breaker in hand",
        body=_members(("mode",), mode={"enum": [*MODE_WORDS]}, reason=_REASON),
    ),
    Operation(
        path="/runs/{run_id}/log",
        handler=RunLog,
        summary="What a run's attempts printed, behind a position",
        query={
            "after": {"type": "string", "pattern": "^[0-9]{1,18}$"},
            "limit": {"type": "integer", "minimum": 1, "maximum": MOST_PIECES},
        },
    ),
    Operation(
        path="/runs/{run_id}/matrix",
        handler=RunMatrix,
        summary="A run's cases by hardware and device",
        query={"reference": _TEXT},
    ),
    Operation(
        path="/jobs/{job_id}/why",
        handler=JobWhy,
        summary="What a job waits for, or why it ended as it did",
    ),
    Operation(
        path="/artifacts/{shard_id}/{attempt}/{position}/content",
        handler=ArtifactContent,
        summary="A file that a job left",
        is_file=True,
    ),
    Operation(
        path="/series",
        handler=SeriesOf,
        summary="How figures went over time",
        query={
            "name": {"type": "array", "items": _TEXT, "minItems": 1},
            "since": _SECONDS,
            "until": _SECONDS,
            "last": _SECONDS,
            "points": {"type": "integer", "minimum": 1, "maximum": MOST_POINTS},
        },
        needed=("name",),
    ),
    Operation(
        path="/series/names",
        handler=SeriesNames,
        summary="Of which figures there are series",
        query={"prefix": _TEXT},
    ),
)
