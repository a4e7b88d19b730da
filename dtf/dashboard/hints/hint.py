"""A Celery task of dtf's, as its events tell of it."""

import re
from ast import literal_eval
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dtf.execution.task import PREPARE_SUITE, PUT_BACK, RUN_SHARD

#: dtf's tasks, by Celery's names.
NAMES: Final = frozenset((RUN_SHARD, PREPARE_SUITE))

_ONE_ARGUMENT: Final = re.compile(r"[\[(]'([a-z0-9]{1,64})',?[\])]")
_ATTEMPT: Final = re.compile(r"([a-z0-9]{1,64}):([0-9]{1,9})")
#: What most answers are, as Python writes them: those that can be read without a parser, of which there may be many.
_USUAL: Final = re.compile(
    r"\{'claimed': True, 'outcome': '([a-z]+)', 'attempts': ([0-9]{1,9}), 'ran': \[((?:'[a-z0-9:]+'(?:, )?)*)\]\}"
)
#: An answer is not longer; longer ones are somebody else's.
_LONGEST: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """A task of dtf's.

    Attributes:
        shard_id: The shard that it is about; empty: it prepares a suite, or cannot be read.
        job_id: The job whose suite it prepares; empty: it is about a shard.
        told: What its worker answered; None: nothing yet, or it cannot be read.
    """

    shard_id: str = ""
    job_id: str = ""
    told: Mapping[str, Any] | None = None

    @property
    def ran(self) -> tuple[tuple[str, int], ...]:
        """The attempts that it brought, as (shard, number), as far as its worker named them."""
        named = (self.told or {}).get("ran", ())
        found = (_ATTEMPT.fullmatch(str(one)) for one in named) if isinstance(named, list) else ()
        return tuple((match[1], int(match[2])) for match in found if match)

    @property
    def shard_ids(self) -> frozenset[str]:
        """All shards that it has to do with."""
        return frozenset(shard_id for shard_id, _ in self.ran) | ({self.shard_id} if self.shard_id else frozenset())

    @property
    def put_back(self) -> bool:
        """Whether it went to another worker."""
        return str((self.told or {}).get("reason", "")).endswith(PUT_BACK)


def hint_of(task: Any) -> Hint | None:  # noqa: ANN401  # Celery has no types
    """The hint that a task is; None: it is somebody else's task.

    Of a task that was under way when the dashboard began, events tell its answer alone.
    """
    name = task.name
    if name is not None and name not in NAMES:
        return None
    told = answer_of(task.result)
    if name is None and not _is_ours(told):
        return None
    found = _ONE_ARGUMENT.fullmatch(str(task.args or ""))
    subject = found[1] if found else ""
    if name == PREPARE_SUITE:
        return Hint(job_id=subject, told=told)
    hint = Hint(shard_id=subject, told=told)
    if not subject and hint.ran:
        return Hint(shard_id=hint.ran[0][0], told=told)
    return hint


def answer_of(result: object) -> Mapping[str, Any] | None:
    """What a worker answered, from how events show it; None: it cannot be read."""
    if not isinstance(result, str) or not result.startswith("{") or len(result) > _LONGEST:
        return None
    if usual := _USUAL.fullmatch(result):
        outcome, attempts, ran = usual.groups()
        named = [one.strip("'") for one in ran.split(", ")] if ran else []
        return {"claimed": True, "outcome": outcome, "attempts": int(attempts), "ran": named}
    try:
        told = literal_eval(result)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None  # it was cut, or is no answer of dtf's
    return told if isinstance(told, dict) else None


def _is_ours(told: Mapping[str, Any] | None) -> bool:
    return told is not None and isinstance(told.get("claimed"), bool) and ("reason" in told or "outcome" in told)
