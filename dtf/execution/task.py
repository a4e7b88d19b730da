"""The two Celery tasks: each takes a hint to the worker's guardian."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from celery import Celery, Task
from kombu.exceptions import OperationalError

from dtf.breakers.breaker import Canary
from dtf.breakers.client import Breakers
from dtf.breakers.permit import Refusal
from dtf.breakers.task import CircuitBreakerTask
from dtf.domain.breaker import Sign, Target
from dtf.domain.errors import DtfError
from dtf.domain.queue import base_tag
from dtf.execution.guardian_client import GuardianLostError
from dtf.execution.worker_setup import Guardian

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

RUN_SHARD, PREPARE_SUITE = "dtf.run_shard", "dtf.prepare_suite"

#: Where the worker's main process leaves, before it forks, what its pool children need.
SOCKET_KEY, SERVED_KEY = "dtf_guardian_socket", "dtf_served_queues"

#: How long a worker holds a hint that it cannot serve before it puts it back, in seconds.
UNSERVED_HOLD_S = 0.5
#: How the reason ends why a hint came to nothing here.
PUT_BACK = "the hint was put back"
_ID_LENGTH = 64

#: The tag whose slots have no device of their own: what is wrong with the worker is wrong with them.
CPU = "cpu"

#: So many attempts are named in what a shard's task returns: Celery's events cut it at 1024 characters.
MOST_NAMED = 32

#: In what a shard's task returns: that there was no guardian to be asked.
_GONE = "guardian_gone"


class GuardianTask(Task):  # type: ignore[misc]  # Celery has no types
    """A hint's task: it never fails for what the ledger repairs.

    Attributes:
        connect: Makes the guardian's client.
    """

    abstract = True
    connect: Callable[[Path], Guardian]

    def prepare_suite(self, job_id: object) -> dict[str, Any]:
        """Have the guardian warm a suite up."""
        if not is_identifier(job_id):
            return self._drop(f"{job_id!r:.100} is no job's id")
        if self._is_unserved():
            return {"prepared": False, "reason": "no device here serves the queue"}
        try:
            self._ask(lambda guardian: guardian.prepare(str(job_id), self._queue()))
        except (OSError, EOFError, DtfError) as error:
            return self._drop(f"the guardian is gone, job {job_id} is not prepared: {error!r}")
        return {"prepared": True}

    def _ask(self, question: Callable[[Guardian], _T]) -> _T:
        """Put a question; the client waits for a guardian that is being restarted."""
        return question(self.connect(Path(self.app.conf[SOCKET_KEY])))

    def _queue(self) -> str:
        return str((self.request.delivery_info or {}).get("routing_key", ""))

    def _is_unserved(self) -> bool:
        """Whether the worker has no device of the queue's tag; whether it has one that satisfies, the guardian knows.

        The queues themselves are no measure: some come to be consumed after this process was forked.
        """
        return base_tag(self._queue()) not in {base_tag(queue) for queue in self.app.conf[SERVED_KEY]}

    def _pass_on(self, name: str, identifier: object, reason: str = "") -> dict[str, Any]:
        """Put a hint back for another worker.

        This worker has no device for the queue, holds those that it has, or has failed the shard before. It must not
        run the shard, and must not swallow the hint. The pause gives the others time to take it, and bounds the
        traffic where there are none.
        """
        threading.Event().wait(UNSERVED_HOLD_S)
        queue = self._queue()
        try:
            self.app.send_task(name, args=[identifier], queue=queue, retry=False)
        except (OperationalError, *self.app.connection_for_write().recoverable_connection_errors) as error:
            return self._drop(f"a hint of the queue {queue} could not be put back: {error!r}")
        reason = reason or f"no device here serves the queue {queue}"
        return {"claimed": False, "reason": f"{reason}; {PUT_BACK}"}

    def _drop(self, reason: str) -> dict[str, Any]:
        _log.warning("a hint is dropped: %s", reason)
        return {"claimed": False, "reason": reason}


class ShardTask(CircuitBreakerTask, GuardianTask):
    """Has the guardian run a shard, if the breaker of the way to it lets it.

    What comes of the shard is the affair of the breakers of its devices, which the guardian tells; where it goes away
    under the shard, which may be what ends it, its successor does. Here counts whether there is a guardian to be asked
    at all.

    Attributes:
        open_breakers: Gives a process its breakers.
    """

    abstract = True
    open_breakers: Callable[[], Breakers]
    #: A shard takes as long as its tests do, or as a failure that was injected into it has it.
    breaker_timed = False

    def breaker_targets(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Target, ...]:
        """The way to this worker's guardian; none for a hint that never gets there."""
        known = [*args, *kwargs.values()]
        if len(known) != 1 or not is_identifier(known[0]) or self._is_unserved():
            return ()
        return (Target(hardware=base_tag(self._queue()), name=str(self.request.hostname)),)

    def breaker_sign(self, result: object) -> Sign | None:
        """Whether the guardian was there; of a CPU's shard it has told the same target already."""
        answer = result if isinstance(result, dict) else {}
        if answer.get(_GONE):
            return Sign.INFRA
        return Sign.WORKED if answer.get("claimed") and base_tag(self._queue()) != CPU else None

    def breaker_sign_lost(self) -> Sign | None:
        """Of the child of a CPU's shard the guardian tells the same target, with the job's group."""
        return super().breaker_sign_lost() if base_tag(self._queue()) != CPU else None

    def canary(self) -> Canary | None:
        """Where devices have breakers of their own, somebody else has to look at the way to them."""
        return self._guardian_answers if base_tag(self._queue()) != CPU else None

    def breakers(self) -> Breakers:
        """This process's."""
        return self.open_breakers()

    def on_refused(self, refusal: Refusal) -> dict[str, Any]:
        """Put the hint back, for another worker or for later."""
        _log.info("a hint is put back: %s", refusal.error())
        return self._pass_on(
            RUN_SHARD, next(iter((*self.request.args, *self.request.kwargs.values()))), str(refusal.error())
        )

    def run_shard(self, shard_id: object) -> dict[str, Any]:
        """Have the guardian run a shard; what comes of it is in the ledger, not in what is returned."""
        if not is_identifier(shard_id):
            return self._drop(f"{shard_id!r:.100} is no shard's id")
        if self._is_unserved():
            return self._pass_on(RUN_SHARD, shard_id)
        try:
            answer = self._ask(lambda guardian: guardian.run_shard(str(shard_id), str(self.request.id), self._queue()))
        except (OSError, EOFError, DtfError) as error:
            dropped = self._drop(f"the guardian is gone, shard {shard_id} is left to the ledger: {error!r}")
            return dropped if isinstance(error, GuardianLostError) else {**dropped, _GONE: True}
        if not answer.claimed or answer.outcome is None:
            if answer.unserved:
                return self._pass_on(RUN_SHARD, shard_id, answer.reason)
            return {"claimed": False, "reason": answer.reason}
        told = {"claimed": True, "outcome": str(answer.outcome), "attempts": answer.attempts}
        return {**told, "ran": list(answer.ran[:MOST_NAMED])}

    def _guardian_answers(self, _target: Target) -> None:
        self._ask(lambda guardian: guardian.status())


def is_identifier(value: object) -> bool:
    """Whether it could be an identifier of dtf's."""
    return isinstance(value, str) and 0 < len(value) <= _ID_LENGTH and value.isascii() and value.isalnum()


def add_tasks(app: Celery, *, open_breakers: Callable[[], Breakers], connect: Callable[[Path], Guardian]) -> None:
    """Give an application dtf's tasks; they are built when it first needs them.

    Args:
        app: The application.
        open_breakers: Gives a process its breakers; the same ones at each call.
        connect: Makes the guardian's client.
    """
    parts = {"connect": staticmethod(connect), "shared": False, "bind": True}
    shard_parts = {**parts, "base": ShardTask, "open_breakers": staticmethod(open_breakers)}

    @app.task(name=RUN_SHARD, **shard_parts)  # type: ignore[untyped-decorator]  # Celery has no types
    def run_shard(task: ShardTask, shard_id: object) -> dict[str, Any]:
        return task.run_shard(shard_id)

    @app.task(name=PREPARE_SUITE, base=GuardianTask, **parts)  # type: ignore[untyped-decorator]  # Celery has no types
    def prepare_suite(task: GuardianTask, job_id: object) -> dict[str, Any]:
        return task.prepare_suite(job_id)
