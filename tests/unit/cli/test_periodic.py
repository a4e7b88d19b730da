import signal

import pytest

from dtf.cli import exits
from dtf.cli.running.periodic import repeat
from dtf.cli.terminal.output import Output


def test_without_a_period_it_is_submitted_once() -> None:
    """The status is the submission's."""
    rounds: list[int] = []

    def submit(number: int) -> int:
        rounds.append(number)
        return 4

    assert repeat(submit, Output(), every_s=None, most=None) == 4
    assert rounds == [1]


def test_it_ends_after_so_many_rounds_with_the_last_failure(capsys: pytest.CaptureFixture[str]) -> None:
    """A failure in the middle is not forgotten."""
    rounds: list[int] = []

    def submit(number: int) -> int:
        rounds.append(number)
        return exits.FAILED if number == 2 else 0

    assert repeat(submit, Output(), every_s=0.01, most=3) == exits.FAILED
    assert rounds == [1, 2, 3]
    assert "submitted 3 times" in capsys.readouterr().err


def test_a_cancelled_round_is_the_last() -> None:
    """Who cancels a round, or leaves it by Ctrl-C, wants no more of them."""
    rounds: list[int] = []

    def submit(number: int) -> int:
        rounds.append(number)
        return exits.CANCELLED

    assert repeat(submit, Output(), every_s=0.01, most=9) == exits.CANCELLED
    assert rounds == [1]


def test_ctrl_c_ends_it_after_the_round(capsys: pytest.CaptureFixture[str]) -> None:
    """A round is not torn, and no pause follows it; the status is that of the rounds."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    def submit(number: int) -> int:
        signal.raise_signal(signal.SIGINT)
        return number

    try:
        assert repeat(submit, Output(), every_s=3600.0, most=None) == 1
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])
    assert "submitted 1 time" in capsys.readouterr().err
