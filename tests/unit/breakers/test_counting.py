import errno
import socket
from collections.abc import Callable

import pytest
from celery.exceptions import Ignore, MaxRetriesExceededError, Reject, Retry, SoftTimeLimitExceeded

from dtf.breakers.counting import is_infrastructure, sign_of
from dtf.domain.breaker import Sign
from dtf.domain.errors import CircuitOpenError


class AnsweredError(OSError):
    """As HTTP clients derive their errors for answers."""


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (socket.gaierror(-2, "unknown"), True),
        (OSError(errno.EIO, "io"), True),
        (OSError(errno.ENOSPC, "full"), True),
        (OSError(errno.EHOSTUNREACH, "no way"), True),
        (FileNotFoundError(errno.ENOENT, "none"), False),
        (PermissionError(errno.EACCES, "no"), False),
        (AnsweredError("404"), False),
        (ValueError(), False),
    ],
    ids=repr,
)
def test_what_counts_by_default(error: Exception, counts: bool) -> None:
    """Networks, devices and a machine's means count; files, answers and the caller's own errors do not."""
    assert is_infrastructure(error) is counts
    assert sign_of(error, is_infrastructure) is (Sign.INFRA if counts else Sign.WORKED)


@pytest.mark.parametrize("counts", [(ValueError,), ValueError, lambda error: isinstance(error, ValueError)])
def test_what_counts_can_be_said(counts: Callable[[BaseException], bool]) -> None:
    """By classes, by one class, by a function; the default then counts no more."""
    assert sign_of(ValueError(), counts) is Sign.INFRA
    assert sign_of(ConnectionError(), counts) is Sign.WORKED


def test_assertions_never_count() -> None:
    """Not even where everything does."""
    assert sign_of(AssertionError(), (Exception,)) is Sign.WORKED


@pytest.mark.parametrize("error", [SoftTimeLimitExceeded(), MemoryError()])
def test_whose_fault_is_open(error: Exception) -> None:
    """A time limit or lack of memory may be the call's own fault, unless the caller says otherwise."""
    assert sign_of(error, is_infrastructure) is Sign.CRASH
    assert sign_of(error, (type(error),)) is Sign.INFRA


@pytest.mark.parametrize(
    "error", [Ignore(), Reject("no"), Retry("again"), CircuitOpenError(), SystemExit(1), KeyboardInterrupt()]
)
def test_what_says_nothing(error: BaseException) -> None:
    """Celery's own words, another breaker's refusal and the process's end are no evidence."""
    assert sign_of(error, is_infrastructure) is None


@pytest.mark.parametrize("kind", [Retry, MaxRetriesExceededError])
@pytest.mark.parametrize(("cause", "sign"), [(ConnectionError(), Sign.INFRA), (ValueError(), Sign.WORKED)])
def test_a_retry_stands_for_its_cause(kind: type[Exception], cause: Exception, sign: Sign) -> None:
    """Whether it was handed over or was being handled."""

    def handled() -> None:
        try:
            raise cause
        except (ConnectionError, ValueError):
            raise kind("again")  # noqa: B904  # as tasks do

    with pytest.raises(kind) as found:
        handled()
    assert sign_of(found.value, is_infrastructure) is sign


def test_what_was_handled_before_the_call_is_no_cause() -> None:
    """A call inside an ``except`` block did not fail by what is handled there."""
    outer = ConnectionError()
    retry = Retry("again")
    retry.__context__ = outer
    assert sign_of(retry, is_infrastructure, known=outer) is None
