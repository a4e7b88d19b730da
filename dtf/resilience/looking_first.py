"""Which of them looks at a doubtful target: a canary, before a long job starts there, or a short job itself."""

from typing import Final

#: How long a canary takes where none was measured yet, in seconds.
CANARY_S: Final = 1.0
#: A look is worth its while where the doubt would cost so many times what the canary takes.
_WORTH: Final = 4.0
#: Where a target is bad with less than this nobody looks, however long the job is.
_LEAST: Final = 0.005
#: After so many tries in a canary's place that did not pass a job waits until the breaker is closed.
STAND_IN_TRIES: Final = 2
#: A job that takes no longer than so many canaries may be the probe itself.
_SHORT: Final = 2.0


def looks_first(bad: float, expected_s: float | None, canary_s: float = CANARY_S) -> bool:
    """Whether a canary looks at a target before a job starts there.

    A job that meets a bad target is lost time, and the longer it runs the more. So a canary goes ahead of it where that
    takes much less than what is to be lost: the probability of a bad target times the job's duration.

    Args:
        bad: The probability that the target is bad.
        expected_s: How long such jobs run, in seconds; None: nobody knows.
        canary_s: How long a canary takes, in seconds.
    """
    return expected_s is not None and bad > _LEAST and bad * expected_s > _WORTH * canary_s


def stands_in(expected_s: float | None, canary_s: float = CANARY_S) -> bool:
    """Whether a job may be the probe of an open breaker in a canary's place.

    A job about as short as a canary loses no more than that does where it fails, and where it does not its work is
    done.

    Args:
        expected_s: How long such jobs run, in seconds; None: nobody knows.
        canary_s: How long a canary takes, in seconds.
    """
    return expected_s is not None and expected_s <= _SHORT * canary_s
