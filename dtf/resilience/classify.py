"""What kind of failure an attempt ended with, and what that says about where it ran."""

import re
from typing import Final

from dtf.domain.breaker import Sign
from dtf.domain.failure import FailureType
from dtf.domain.injection import read_injection
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.proof import ELSEWHERE, INJECTED, INJECTED_SEEN
from dtf.domain.shard import AttemptResult
from dtf.resilience.sticky import STICKY, find_sticky

#: What the words of a failure mean, in lower case. The first that matches counts, so what names a cause stands before
#: what names only an effect: a browser that does not come up within a minute was not launched, whatever it waited for.
_WORDS: Final[tuple[tuple[FailureType, re.Pattern[str]], ...]] = tuple(
    (failure, re.compile(pattern))
    for failure, pattern in (
        # a kill from outside, which its reason explains by what may have been behind it
        (FailureType.CRASH, r"killed by sig|\bended by sig"),
        (
            FailureType.RESOURCE_EXHAUSTION,
            (
                r"out ?of ?memory|no space left|cannot allocate|not enough memory|memoryerror|too many open files"
                r"|resource temporarily unavailable|array buffer allocation failed|disk quota|cannot fork"
            ),
        ),
        (
            FailureType.GPU_ERROR,
            (
                r"device (?:was |is )?lost|gpu process|no webgpu adapter|adapter is null|null adapter"
                r"|\b(?:cuda|hip|nvml|rocm)\w* ?error|\bcu(?:da)?error|small computation|computes wrongly|xid \d"
            ),
        ),
        (
            FailureType.LAUNCH_FAILURE,
            (
                r"could not be used|cannot be started|did not come up|does not come up|was not launched"
                r"|cannot be launched|is installed on this worker|failed to launch"
            ),
        ),
        (
            FailureType.TIMEOUT,
            r"timeout|timed out|took longer than|did not answer|did not end|within [\d.]+ s\b|does not answer",
        ),
        (
            FailureType.CONNECTION_FAILURE,
            (
                r"not heard from|connection|net::err|failed to fetch|internet_disconnected|broken pipe|unreachable"
                r"|cannot be had|targetclosed|has been closed|name or service not known|connectionreset"
            ),
        ),
        (
            FailureType.API_ERROR,
            r"operationerror|notsupportederror|is not a function|is undefined|of undefined|has no api|navigator\.\w+",
        ),
        (
            FailureType.CRASH,
            r"crashed|died|killed|interpreter (?:was )?ended|process ended|process is gone|was lost|broke down",
        ),
        (FailureType.INTERNAL_ERROR, r"the executor failed|the host failed|the check failed|cannot carry it out"),
    )
)

#: What an attempt says about its target when nothing broke. An empty suite was collected there.
_WORKED: Final = frozenset((Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.EMPTY))

#: Failures that lie between the ledger and the worker: no device, browser or model is to blame.
_OF_THE_LEDGER: Final = "the source cannot be had now"

#: How the message of a test begins under which its interpreter died.
_DIED: Final = ("the interpreter ended", "the interpreter was ended")

#: How the reason of an attempt begins whose program, model host or interpreter was killed, and not by dtf.
_KILLED: Final = ("killed by SIG", *_DIED)


def failure_of(result: AttemptResult) -> FailureType | None:
    """The kind of failure of the infrastructure that an attempt ended with; None: there was none.

    One that was given back (a drained worker) is none.
    """
    if result.outcome is not Outcome.INFRA or not result.crashed:
        return None
    return failure_in(result.reason, signal=result.signal)


def failure_in(text: str, *, signal: int | None = None) -> FailureType:
    """The kind of failure that some words tell of; ``UNKNOWN`` where they tell nothing.

    Args:
        text: The reason of an attempt, or an error's message.
        signal: The signal that ended the process; None: none did, or it is not known.
    """
    if find_sticky(text, STICKY):
        return FailureType.GPU_ERROR
    words = text.lower()
    found = next((failure for failure, pattern in _WORDS if pattern.search(words)), None)
    return found or (FailureType.UNKNOWN if signal is None else FailureType.CRASH)


def sign_of(result: AttemptResult) -> Sign | None:
    """What an attempt says about the target on which it ran; None: nothing.

    An assertion that fails says that the infrastructure worked. A crash, a time limit or a kill of the job leaves open
    whose fault it was; the breaker weighs it by how often jobs of its group do that anyway.
    What was injected on purpose is told once, whatever came of the job, and a milder one not at all: what the job said
    under it says nothing about the target.
    """
    if injected := result.proof.get(INJECTED):
        return Sign.INFRA if result.proof.get(INJECTED_SEEN) and _is_recorded(injected) else None
    if result.outcome is Outcome.CANCELLED or result.proof.get(ELSEWHERE):
        return None
    if result.outcome is Outcome.INFRA:
        if not result.crashed or result.reason.startswith(_OF_THE_LEDGER):
            return None
        return Sign.CRASH if was_killed(result) else Sign.INFRA
    if _crashed(result):
        return Sign.CRASH
    if result.outcome in _WORKED or result.cases or result.exit_code is not None:
        return Sign.WORKED
    return None  # an error before anything ran: a wrong file name says nothing about a device


def was_killed(result: AttemptResult) -> bool:
    """Whether an attempt ended by a kill that dtf did not send: out of memory, a stranger's, or the job's own."""
    return result.outcome is Outcome.INFRA and result.crashed and result.reason.startswith(_KILLED)


def _is_recorded(injected: str) -> bool:
    return read_injection(injected).recorded


def _crashed(result: AttemptResult) -> bool:
    if result.outcome is Outcome.TIMEOUT:
        return True
    if result.outcome is Outcome.ERROR and (result.signal is not None or result.reason.startswith(_DIED)):
        return True
    return any(case.outcome is CaseOutcome.ERROR and case.message.startswith(_DIED) for case in result.cases)
