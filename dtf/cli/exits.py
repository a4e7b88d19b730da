"""What the exit status of a command means; the first five are pytest's."""

from dtf.domain.outcome import Outcome

PASSED = 0
FAILED = 1
BAD_INPUT = 2
INTERNAL = 3
EMPTY = 5
INFRASTRUCTURE = 10
NO_CAPACITY = 11
TIME_LIMIT = 12
CANCELLED = 13

#: The exit status for the verdict on a run, where nothing more is known.
OF_OUTCOME = {
    Outcome.PASSED: PASSED,
    Outcome.SKIPPED: PASSED,
    Outcome.FAILED: FAILED,
    Outcome.TIMEOUT: FAILED,
    Outcome.ERROR: FAILED,
    Outcome.INFRA: INFRASTRUCTURE,
    Outcome.CANCELLED: CANCELLED,
    Outcome.EMPTY: EMPTY,
}
