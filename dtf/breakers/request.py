"""What a worker's main process does for a guarded call: it tells the breaker of deaths of which the call cannot."""

import logging
import time
from typing import TYPE_CHECKING, Any

from billiard.einfo import ExceptionWithTraceback
from celery.exceptions import Terminated, WorkerLostError
from celery.worker import state
from celery.worker.request import Request

from dtf.breakers.client import Breakers
from dtf.breakers.permit import Hold, Permit
from dtf.domain.breaker import Target
from dtf.domain.errors import DtfError

if TYPE_CHECKING:
    from dtf.breakers.task import CircuitBreakerTask

_log = logging.getLogger(__name__)


class BreakerRequest(Request):  # type: ignore[misc]  # Celery has no types
    """A guarded call in the worker's main process.

    What ends the call in its pool child is told there. A child that was killed and a hard time limit are told here, as
    a crash whose fault is open; a call that was revoked, or that a worker's cold shutdown ended, only gives its permit
    back.
    """

    _breaker_was_told = False

    def on_timeout(self, soft: bool, timeout: float) -> None:
        """The call ran into a time limit; the soft one the call tells of itself."""
        if not soft:
            self._tell_breaker(counts=not _is_terminating())
        super().on_timeout(soft, timeout)

    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> None:  # noqa: ANN401  # Celery has no types
        """The call failed, of which the child told, or its pool child is gone."""
        error = exc_info.exception
        if isinstance(error, ExceptionWithTraceback):
            error = error.exc
        if not return_ok and isinstance(error, WorkerLostError | Terminated | SystemExit | KeyboardInterrupt):
            was_ended = self._already_revoked or self._already_cancelled or _is_terminating()
            self._tell_breaker(counts=not was_ended and not isinstance(error, Terminated))
        super().on_failure(exc_info, send_failed_event, return_ok)

    def _tell_breaker(self, *, counts: bool) -> None:
        """Tell the breaker once; whatever comes of that, Celery goes on with the call."""
        if self._breaker_was_told or self.time_start is None:
            return
        self._breaker_was_told = True
        task: CircuitBreakerTask = self.task
        # as Celery does for the handlers of a failure: they find the request where the call would
        task.request_stack.push(self._context)
        try:
            _tell(task, self.args or (), self.kwargs or {}, time.time() - self.time_start, counts=counts)
        except DtfError as error:
            _log.warning("the breaker does not hear that %s was lost: %s", self, error)
        except Exception:  # noqa: BLE001  # a breaker must not keep Celery from finishing the call
            _log.exception("the breaker does not hear that %s was lost", self)
        finally:
            task.request_stack.pop()


def _is_terminating() -> bool:
    """Whether the worker ends without waiting for what runs; Celery keeps an exit status there, which may be 0."""
    return state.should_terminate is not None and state.should_terminate is not False


def _tell(task: "CircuitBreakerTask", args: Any, kwargs: Any, age_s: float, *, counts: bool) -> None:  # noqa: ANN401  # as above
    breakers = task.breakers()
    targets = task.breaker_targets(args, kwargs)
    holds = [hold for target in targets if (hold := found_hold(breakers, target, task.permit_name(), age_s))]
    permit = Permit(holds=tuple(holds))
    sign = task.breaker_sign_lost() if counts else None
    if sign is None:
        breakers.give_back(permit)
    else:
        breakers.record(permit, sign, group=task.breaker_group(), duration_s=age_s, reference=str(task.request.id))


def found_hold(breakers: Breakers, target: Target, name: str, age_s: float) -> Hold | None:
    """What a dead process held of a target; None: the breaker has changed its state since.

    Args:
        breakers: The breakers.
        target: Which.
        name: The name under which it asked for its permit.
        age_s: How long ago that was, in seconds.

    Raises:
        StoreUnavailableError: The store does not answer.
    """
    record = breakers.store.read(target)
    if record is None:
        return Hold(target=target, epoch=0)
    if name in record.permits:
        return Hold(target=target, epoch=record.epoch, bad=record.belief.bad, probe=name)
    if record.epoch and record.since > breakers.store.now() - age_s:
        return None
    return Hold(target=target, epoch=record.epoch, bad=record.belief.bad)
