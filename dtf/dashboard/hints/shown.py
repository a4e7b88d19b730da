"""What is shown of a task of dtf's: its job's name, and what the ledger says that it came to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dtf.dashboard.hints.hint import Hint
from dtf.domain.outcome import Outcome, gravest
from dtf.domain.ports.fates import JobFate, ShardFate
from dtf.domain.shard import ShardState

#: States of a hint that brought no attempt, or none yet.
QUEUED, RUNNING, UNRECORDED = "queued", "running", "unrecorded"
PUT_BACK, SUPERSEDED, DROPPED, UNKNOWN = "put back", "superseded", "dropped", "unknown"
PREPARED, LOST, REVOKED = "prepared", "hint lost", "revoked"

#: By which of Celery's words a state is found, too: Flower's buttons and links ask for these.
CELERYS: Final[Mapping[str, str]] = {
    Outcome.PASSED: "SUCCESS",
    Outcome.SKIPPED: "SUCCESS",
    PREPARED: "SUCCESS",
    Outcome.FAILED: "FAILURE",
    Outcome.ERROR: "FAILURE",
    Outcome.TIMEOUT: "FAILURE",
    Outcome.INFRA: "FAILURE",
    LOST: "FAILURE",
    RUNNING: "STARTED",
    Outcome.CANCELLED: "REVOKED",
    REVOKED: "REVOKED",
}

#: Celery's states of a task that is over.
_ENDED: Final = frozenset(("SUCCESS", "FAILURE", "REVOKED", "REJECTED"))
_NOT_KNOWN: Final = "the ledger does not know it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is shown.

    Attributes:
        name: The job's name, or Celery's where the ledger does not know the job.
        state: One word or two: an outcome, or what became of the hint.
        result: The same in words for people.
        job_id: The job; empty: not known.
        run_id: Its run.
        shard_id: The shard that it is about.
        attempts: The attempts that it brought, with their outcomes; None: not recorded.
        is_final: Whether it stays so.
        is_open: Whether there is something left of the job that could be called off.
    """

    name: str
    state: str
    result: str
    job_id: str = ""
    run_id: str = ""
    shard_id: str = ""
    attempts: tuple[tuple[str, int, Outcome | None], ...] = ()
    is_final: bool = False
    is_open: bool = False

    @property
    def facts(self) -> dict[str, Any]:
        """What programs are told beside name, state and result."""
        ran = [
            {"shard_id": shard_id, "attempt": number, "outcome": outcome or ""}
            for shard_id, number, outcome in self.attempts
        ]
        told = {"job_id": self.job_id, "run_id": self.run_id, "shard_id": self.shard_id, "attempts": ran}
        return {name: value for name, value in told.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledger told.

    Attributes:
        shards: Shards by id.
        jobs: Jobs by id.
    """

    shards: Mapping[str, ShardFate] = field(default_factory=dict)
    jobs: Mapping[str, JobFate] = field(default_factory=dict)


def shown(hint: Hint, task: Any, known: Known) -> Shown:  # noqa: ANN401  # Celery has no types
    """What is shown of a task, from what the ledger knows of it."""
    if hint.job_id:
        return _of_preparation(hint, task, known.jobs.get(hint.job_id))
    fate = known.shards.get(hint.shard_id)
    if fate is None:
        result = f"shard {hint.shard_id}: {_NOT_KNOWN}" if hint.shard_id else "it names no shard"
        return Shown(name=task.name or "dtf.run_shard", state=UNKNOWN, result=result, shard_id=hint.shard_id)
    ran = tuple((shard_id, number, _outcome(known, shard_id, number)) for shard_id, number in hint.ran)
    state, words = _came_to(hint, task, fate, ran)
    return Shown(
        name=fate.job.name,
        state=state,
        result=words,
        job_id=fate.job.job_id,
        run_id=fate.job.run_id,
        shard_id=hint.shard_id,
        attempts=ran,
        is_final=task.state in _ENDED and state != UNRECORDED,
        is_open=fate.job.outcome is None,
    )


def _outcome(known: Known, shard_id: str, number: int) -> Outcome | None:
    fate = known.shards.get(shard_id)
    return fate.attempts.get(number) if fate is not None else None


def _of_preparation(hint: Hint, task: Any, job: JobFate | None) -> Shown:  # noqa: ANN401  # Celery has no types
    name = f"prepare {job.name}" if job else str(task.name)
    told = hint.told or {}
    if task.state != "SUCCESS":
        state, words = _undelivered(task)
    elif told.get("prepared"):
        state, words = PREPARED, "the worker warms the suite up; nothing of it was run by that"
    else:
        state, words = DROPPED, str(told.get("reason", ""))
    return Shown(
        name=name,
        state=state,
        result=words,
        job_id=hint.job_id if job else "",
        run_id=job.run_id if job else "",
        is_final=task.state in _ENDED,
        is_open=job is not None and job.outcome is None,
    )


def _came_to(
    hint: Hint,
    task: Any,  # noqa: ANN401  # Celery has no types
    fate: ShardFate,
    ran: tuple[tuple[str, int, Outcome | None], ...],
) -> tuple[str, str]:
    """The state, and the words."""
    if task.state not in _ENDED:
        return _under_way(task, fate)
    if task.state != "SUCCESS":
        state, words = _undelivered(task)
        return state, f"{words}; {_stands(fate)}"
    if hint.told is None:
        return UNKNOWN, f"what its worker answered cannot be read; {_stands(fate)}"
    if hint.told.get("claimed"):
        return _brought(hint.told, ran)
    reason = str(hint.told.get("reason", ""))
    if hint.put_back:
        return PUT_BACK, f"{reason}; {_stands(fate)}"
    state = SUPERSEDED if fate.state is not ShardState.QUEUED else DROPPED
    return state, f"it brought nothing: {reason}; {_stands(fate)}"


def _under_way(task: Any, fate: ShardFate) -> tuple[str, str]:  # noqa: ANN401  # Celery has no types
    hostname = getattr(task.worker, "hostname", "")
    if fate.state is ShardState.QUEUED:
        return QUEUED, f"its worker has the hint, and no slot has taken the shard yet; {_stands(fate)}"
    if fate.state is ShardState.CLAIMED and fate.worker == hostname:
        return RUNNING, _stands(fate)
    return SUPERSEDED, f"it brings nothing: {_stands(fate)}"


def _undelivered(task: Any) -> tuple[str, str]:  # noqa: ANN401  # Celery has no types
    if task.state == "FAILURE":
        return LOST, f"the process that carried the hint failed: {task.exception or 'no reason was told'}"
    if task.state == "REVOKED":
        return REVOKED, "the hint was revoked in Celery; the coordinator sends another one where it is needed"
    return (QUEUED if task.state in ("RECEIVED", "STARTED") else task.state.lower()), "its worker has the hint"


def _brought(told: Mapping[str, Any], ran: tuple[tuple[str, int, Outcome | None], ...]) -> tuple[str, str]:
    """What the attempts came to that it brought."""
    if not ran:
        return UNKNOWN, f"its worker told {told.get('outcome')}, and not for which attempt"
    words = [f"attempt {number} of {shard_id}: {outcome or 'not recorded'}" for shard_id, number, outcome in ran]
    more = told.get("attempts", 0) - len(ran) if isinstance(told.get("attempts"), int) else 0
    if more > 0:
        words.append(f"{more} more attempts, which are not named: the gravest of all was told as {told.get('outcome')}")
    outcomes = [outcome for _, _, outcome in ran if outcome is not None]
    if len(outcomes) < len(ran):
        return UNRECORDED, "; ".join(words)
    if more > 0 and told.get("outcome") in list(Outcome):
        outcomes.append(Outcome(told["outcome"]))
    return gravest(outcomes).value, "; ".join(words)


def _stands(fate: ShardFate) -> str:
    """How the shard stands, in words."""
    if fate.state is ShardState.QUEUED:
        return f"shard {fate.shard_id} waits for its attempt {fate.attempt + 1}"
    by = f" on {fate.worker}" if fate.worker else ""
    if fate.state is ShardState.CLAIMED:
        return f"attempt {fate.attempt} of shard {fate.shard_id} runs{by}"
    attempt = f" by attempt {fate.attempt}{by}" if fate.attempt else " without an attempt"
    return f"shard {fate.shard_id} is finished{attempt}: {fate.outcome}"
