"""What an exception says about the infrastructure under a call."""

import errno
import logging
import socket
from collections.abc import Callable
from typing import Final

from celery.exceptions import Ignore, MaxRetriesExceededError, Reject, Retry, SoftTimeLimitExceeded

from dtf.domain.breaker import Sign
from dtf.domain.errors import BadInputError, CircuitOpenError

_log = logging.getLogger(__name__)

#: The exceptions that the infrastructure is to blame for: their classes, or a function that tells.
Counts = tuple[type[BaseException], ...] | type[BaseException] | Callable[[BaseException], bool]

#: What the system says where a device, a network or a machine's means failed, and not one file or argument.
_ERRNOS: Final = frozenset(
    (
        *(errno.EIO, errno.ENODEV, errno.ENXIO, errno.EREMOTEIO, errno.ESTALE, errno.EBUSY),
        *(errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EAGAIN),
        *(errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL),
    )
)


def is_infrastructure(error: BaseException) -> bool:
    """Whether it is Python's own word for infrastructure that failed; what a breaker counts by default.

    That is ``ConnectionError``, ``TimeoutError``, a host that cannot be resolved, and an ``OSError`` whose number says
    that a device or a network failed or that something ran out. A file that is missing is none, and neither is what a
    library derives from ``OSError`` without a number: HTTP clients do so for answers too.
    """
    if isinstance(error, ConnectionError | TimeoutError | socket.gaierror | socket.herror):
        return True
    return isinstance(error, OSError) and error.errno in _ERRNOS


def check_counts(counts: object) -> None:
    """Refuse what ``sign_of`` could not use.

    Raises:
        BadInputError: It is neither exception classes nor a function.
    """
    classes = counts if isinstance(counts, tuple) else (counts,)
    if all(isinstance(one, type) and issubclass(one, BaseException) for one in classes):
        return
    if callable(counts) and not isinstance(counts, type):
        return
    raise BadInputError(
        f"a breaker's counts is {counts!r:.100}: it is an exception class, a tuple of them, or a function of one"
    )


def sign_of(error: BaseException, counts: Counts, *, known: BaseException | None = None) -> Sign | None:
    """What an exception that ended a call says; None: nothing.

    Args:
        error: The exception.
        counts: Those that the infrastructure is to blame for.
        known: What was being handled before the call began, which is not its cause.
    """
    if isinstance(error, Retry | MaxRetriesExceededError):
        cause = _cause(error)
        return None if cause is None or cause is known else sign_of(cause, counts, known=known)
    if isinstance(error, Ignore | Reject | CircuitOpenError) or not isinstance(error, Exception):
        return None
    if isinstance(error, AssertionError):
        return Sign.WORKED
    if _is_counted(error, counts):
        return Sign.INFRA
    # whose fault it is, is open: the group's own rate of them decides
    return Sign.CRASH if isinstance(error, SoftTimeLimitExceeded | MemoryError) else Sign.WORKED


def _is_counted(error: BaseException, counts: Counts) -> bool:
    if isinstance(counts, tuple | type):
        return isinstance(error, counts)
    try:
        return bool(counts(error))
    except Exception:  # noqa: BLE001  # the call must end by its own exception, whatever is wrong with the function
        _log.exception("a breaker's counts failed on %s, which is judged as by default", type(error).__name__)
        return is_infrastructure(error)


def _cause(retry: BaseException) -> BaseException | None:
    """Why it is tried again: Celery's own copy of it may be wrapped, so what was being handled comes first."""
    given = getattr(retry, "exc", None)
    return retry.__cause__ or retry.__context__ or (given if isinstance(given, BaseException) else None)
