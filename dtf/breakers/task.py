"""The Celery task base class: a permit before each call, what came of it after."""

import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Final

from celery import Task

from dtf.breakers.breaker import Breaker, Canary, declared
from dtf.breakers.client import Breakers
from dtf.breakers.counting import sign_of
from dtf.breakers.permit import Permit, Refusal
from dtf.breakers.wiring import breakers_for
from dtf.domain.breaker import Sign, Target
from dtf.domain.errors import CircuitOpenError

_log = logging.getLogger(__name__)

#: What the calls that this context is in hold already: a call inside another is that one's affair.
_held: ContextVar[frozenset[Target]] = ContextVar("dtf_breakers_held", default=frozenset())

#: A refused call that is retried waits twice as long each time, up to so many times as long as at first.
_LONGEST_FACTOR: Final = 64
#: It waits at least so long, in seconds.
_SHORTEST_S: Final = 1.0

#: The leases of calls that probe, in seconds; that of a call without a time limit; and what a call's end takes at most.
_LEASES_S: Final = (30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 3600.0)
_UNLIMITED_S: Final = 600.0
_LEASE_MARGIN_S: Final = 5.0


class CircuitBreakerTask(Task):  # type: ignore[misc]  # Celery has no types
    """A task whose calls ask a circuit breaker first and tell it afterwards.

    ``@app.task(base=CircuitBreakerTask, breaker="payments")`` is all that is needed. A call that a worker executes, or
    ``apply`` does, takes a permit for what it needs; when it is refused it raises ``CircuitOpenError`` or is retried
    later. What ends the call says how its target is; the exception, the result and all that Celery does with them stay
    as they are. A task that is called as a plain function is a part of its caller, and is not guarded.

    Attributes:
        breaker: A target's name, or a ``Breaker``; None: the task's own name is the target.
        breaker_timed: Whether how long a call takes says something about its target.
    """

    abstract = True
    breaker: ClassVar[Breaker | str | None] = None
    breaker_timed: ClassVar[bool] = True

    #: What a worker's main process does with a call; it hears of the deaths that the call cannot tell of.
    Request = "dtf.breakers.request:BreakerRequest"

    #: A refused call is logged in one line, without a traceback.
    throws = (CircuitOpenError,)

    @classmethod
    def on_bound(cls, app: Any) -> None:  # noqa: ANN401, ARG003  # Celery has no types
        """Refuse a breaker that cannot be used, where it is declared."""
        declared(cls.breaker)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever the task takes and returns
        """Execute the task, guarded where Celery executes it; a plain call is only that."""
        request = self.request_stack.top
        if request is None or request.called_directly or request._protected:  # noqa: SLF001  # Celery's own mark
            return super().__call__(*args, **kwargs)
        # Celery has pushed the request of this call already, as it calls `run` where `__call__` is its own; the mark
        # says that the request is taken, so that a plain call from inside gets one of its own
        request._protected = 1  # noqa: SLF001  # as above
        return self._guarded(args, kwargs)

    def breaker_targets(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Target, ...]:
        """What a call needs; also asked in the worker's main process, when the call died."""
        return declared(self.breaker).targets(self, args, kwargs)

    def breaker_group(self) -> str:
        """The calls that fail together by their own fault."""
        return declared(self.breaker).group or str(self.name)

    def breaker_sign(self, result: object) -> Sign | None:  # noqa: ARG002  # for those who override it
        """What a call says that returned; None: nothing."""
        return Sign.WORKED

    def breaker_sign_lost(self) -> Sign | None:
        """What a call says whose pool child was killed or ran into the hard time limit; None: nothing."""
        return Sign.CRASH

    def on_refused(self, refusal: Refusal) -> Any:  # noqa: ANN401  # whatever the task returns
        """A call is refused: raise, or return what is to be its result.

        Raises:
            CircuitOpenError: It is not to be tried again.
            Retry: It will be.
        """
        error = refusal.error()
        if declared(self.breaker).refused == "raise":
            raise error
        factor = min(2 ** min(self.request.retries, 10), _LONGEST_FACTOR)
        raise self.retry(exc=error, countdown=max(refusal.wait_s, _SHORTEST_S) * factor)

    def canary(self) -> Canary | None:
        """Looks whether the target of a refused call works; None: nobody here does."""
        return declared(self.breaker).canary

    def permit_name(self) -> str:
        """Names this call's permit, so that the worker's main process finds it when the call died."""
        return f"{self.request.id}.{self.request.retries}"

    def breakers(self) -> Breakers:
        """The breakers of the task's application."""
        breaker = declared(self.breaker)
        return breakers_for(
            self.app, canary=breaker.canary is not None, probes=breaker.probes, lease_s=self._lease_s(breaker)
        )

    def _guarded(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401  # as above
        held = _held.get()
        targets = tuple(target for target in self.breaker_targets(args, kwargs) if target not in held)
        if not targets:
            return self.run(*args, **kwargs)
        breakers = self.breakers()
        answer = self._admitted(breakers, targets)
        if isinstance(answer, Refusal):
            return self.on_refused(answer)
        token = _held.set(held.union(targets))
        try:
            return self._watched(breakers, answer, args, kwargs)
        finally:
            _held.reset(token)

    def _watched(self, breakers: Breakers, permit: Permit, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401  # as above
        known, began = sys.exc_info()[1], time.monotonic()
        try:
            result = self.run(*args, **kwargs)
        except BaseException as error:
            duration_s = time.monotonic() - began
            with _given_back(breakers, permit):
                sign = sign_of(error, declared(self.breaker).counts, known=known)
            self._tell(breakers, permit, sign, duration_s)
            raise
        duration_s = time.monotonic() - began
        with _given_back(breakers, permit):
            said = self.breaker_sign(result)
        self._tell(breakers, permit, said, duration_s)
        return result

    def _tell(self, breakers: Breakers, permit: Permit, sign: Sign | None, duration_s: float) -> None:
        if sign is None:
            breakers.give_back(permit)
            return
        took_s = duration_s if self.breaker_timed else 0.0
        breakers.record(permit, sign, group=self.breaker_group(), duration_s=took_s, reference=str(self.request.id))

    def _admitted(self, breakers: Breakers, targets: tuple[Target, ...]) -> Permit | Refusal:
        """The permit; where there is a canary, it looks at what refuses, and the permit is asked for again."""
        name, canary = self.permit_name(), self.canary()
        answer = breakers.acquire(targets, name=name)
        looks = 0
        while (
            isinstance(answer, Refusal)
            and canary is not None
            and looks < breakers.config.passes_to_close * len(targets)
        ):
            probe = breakers.acquire((answer.target,), canary=True, name=name)
            if isinstance(probe, Refusal):
                return answer
            passed = self._look(breakers, probe, canary, answer.target)
            answer = breakers.acquire(targets, name=name)
            if not passed:
                return answer
            looks += 1
        return answer

    def _look(self, breakers: Breakers, probe: Permit, canary: Canary, target: Target) -> bool:
        began = time.monotonic()
        try:
            passed = canary(target) is not False
        except Exception:  # noqa: BLE001  # however it fails, it found something
            _log.info("the canary of %s found that it does not work", target, exc_info=True)
            passed = False
        except BaseException:
            breakers.give_back(probe)
            raise
        sign = Sign.CANARY_PASSED if passed else Sign.CANARY_FAILED
        breakers.record(probe, sign, duration_s=time.monotonic() - began)
        return passed

    def _lease_s(self, breaker: Breaker) -> float:
        if breaker.lease_s is not None:
            return breaker.lease_s
        hard, soft = self.request.timelimit or (None, None)
        return lease_for(hard or self.time_limit, soft or self.soft_time_limit)


@contextmanager
def _given_back(breakers: Breakers, permit: Permit) -> Iterator[None]:
    """What ends the process while somebody's function judges a call keeps no permit."""
    try:
        yield
    except BaseException:
        breakers.give_back(permit)
        raise


def lease_for(time_limit: float | None, soft_time_limit: float | None) -> float:
    """For how long a call that probes is waited for, in seconds: no call must outlast it.

    Args:
        time_limit: When the call is killed, in seconds; None or 0: never.
        soft_time_limit: When it is told to end.
    """
    longest = time_limit or soft_time_limit
    if not longest:
        return _UNLIMITED_S
    # few lengths, as each has settings of its own in a process
    return next((lease for lease in _LEASES_S if longest + _LEASE_MARGIN_S <= lease), _LEASES_S[-1])
