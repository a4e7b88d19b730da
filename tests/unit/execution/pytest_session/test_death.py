import signal

import pytest

from dtf.execution.executors.pytest_session.death import Death, charge


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL])
def test_a_crash_is_the_tests(number: signal.Signals) -> None:
    """A crash is charged at once, by its signal's name."""
    text = charge(Death(code=None, signal=number), kills=1)
    assert text is not None
    assert number.name in text


def test_an_exit_is_the_tests() -> None:
    """An ``os._exit`` is charged at once, with any status."""
    assert charge(Death(code=0, signal=None), kills=1) == "the interpreter ended with status 0 while this test ran"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_kill_is_forgiven_twice(number: signal.Signals) -> None:
    """A test runs again after two kills from outside; the third is its error."""
    death = Death(code=None, signal=number)
    assert charge(death, kills=1) is None
    assert charge(death, kills=2) is None
    assert "3 times" in (charge(death, kills=3) or "")


def test_an_unnamed_signal() -> None:
    """A real-time signal has a number only."""
    assert Death(code=None, signal=40).how == "by signal 40"
