from dataclasses import replace

import pytest

from dtf.domain.breaker import Sign
from dtf.domain.case import CaseResult
from dtf.domain.failure import FailureType
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.proof import ELSEWHERE
from dtf.domain.shard import AttemptResult
from dtf.resilience.classify import failure_in, failure_of, sign_of, was_killed


def _result(outcome: Outcome, reason: str = "") -> AttemptResult:
    return AttemptResult(shard_id="s1", attempt=1, worker_id="w1", slot=0, outcome=outcome, reason=reason)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        # as the executors say it
        ("killed by SIGKILL, which dtf did not send (out of memory, or somebody's kill -9)", FailureType.CRASH),
        ("the interpreter ended by SIGKILL 3 times before a test began", FailureType.CRASH),
        ("the browser's host crashed: its process ended by SIGSEGV", FailureType.CRASH),
        ("the page crashed", FailureType.CRASH),
        ("the warm parent died or did not answer", FailureType.TIMEOUT),
        ("the executor did not end when it was told to", FailureType.TIMEOUT),
        ("the executor failed: KeyError: 'x'", FailureType.INTERNAL_ERROR),
        ("the executor failed: OutOfMemoryError: CUDA out of memory", FailureType.RESOURCE_EXHAUSTION),
        ("the worker cannot carry it out: [Errno 28] No space left on device", FailureType.RESOURCE_EXHAUSTION),
        ("the worker cannot carry it out: [Errno 5] Input/output error", FailureType.INTERNAL_ERROR),
        ("chromium could not be used: its process did not answer 'open' within 60 s", FailureType.LAUNCH_FAILURE),
        ("no browser is installed on this worker", FailureType.LAUNCH_FAILURE),
        ("the browser: it gives no adapter any more: null adapter", FailureType.GPU_ERROR),
        ("CUDA error: an illegal memory access was encountered", FailureType.GPU_ERROR),
        ("a small computation on it failed: no answer", FailureType.GPU_ERROR),
        ("worker a@h was not heard from and its lease ended", FailureType.CONNECTION_FAILURE),
        ("the page: net::ERR_INTERNET_DISCONNECTED", FailureType.CONNECTION_FAILURE),
        ("OperationError: the API is broken", FailureType.API_ERROR),
        ("", FailureType.UNKNOWN),
    ],
)
def test_the_words_of_a_failure_tell_its_kind(reason: str, expected: FailureType) -> None:
    """What an executor says about an infrastructure failure has one of the names that people know."""
    assert failure_of(_result(Outcome.INFRA, reason)) is expected


def test_a_signal_says_crash_where_the_words_say_nothing() -> None:
    """A process that was ended by a signal crashed."""
    assert failure_in("it is gone", signal=9) is FailureType.CRASH
    assert failure_in("it is gone") is FailureType.UNKNOWN


def test_what_is_no_failure_has_no_kind() -> None:
    """A verdict of the code under test, and a shard that a drained worker gave back."""
    assert all(failure_of(_result(one, "it crashed")) is None for one in Outcome if one is not Outcome.INFRA)
    assert failure_of(replace(_result(Outcome.INFRA, "the worker stopped"), crashed=False)) is None


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.EMPTY])
def test_assertions_never_count_against_the_target(outcome: Outcome) -> None:
    """Where tests fail by what they assert, the infrastructure worked."""
    assert sign_of(_result(outcome, "3 of 4 failed")) is Sign.WORKED


def test_the_infrastructures_failure_counts() -> None:
    """And one that is nobody's does not: given back, called off, put elsewhere, or without its source."""
    failed = _result(Outcome.INFRA, "the page crashed")
    assert sign_of(failed) is Sign.INFRA
    assert sign_of(replace(failed, crashed=False)) is None
    assert sign_of(replace(failed, proof={ELSEWHERE: "on the CPU"})) is None
    assert sign_of(replace(failed, reason="the source cannot be had now: the ledger is away")) is None
    assert sign_of(_result(Outcome.CANCELLED)) is None


def test_a_crash_of_the_job_leaves_open_whose_fault_it_was() -> None:
    """A program that ends by SIGSEGV, an interpreter that dies under a test, and a job that runs into its limit."""
    died = CaseResult(
        ordinal=0, nodeid="a", outcome=CaseOutcome.ERROR, message="the interpreter ended by SIGSEGV while this test ran"
    )
    broken = CaseResult(ordinal=0, nodeid="a", outcome=CaseOutcome.ERROR, message="fixture 'x' not found")
    assert sign_of(replace(_result(Outcome.ERROR, "it crashed with SIGSEGV"), signal=11)) is Sign.CRASH
    assert sign_of(replace(_result(Outcome.FAILED), cases=(died,))) is Sign.CRASH
    assert sign_of(_result(Outcome.TIMEOUT, "it took longer than 5 s")) is Sign.CRASH
    assert sign_of(replace(_result(Outcome.FAILED), cases=(broken,))) is Sign.WORKED


@pytest.mark.parametrize(
    "reason",
    [
        "killed by SIGKILL, which dtf did not send (out of memory, or somebody's kill -9)",
        "the interpreter ended by SIGKILL while it collected test_a.py",
        "the interpreter ended by SIGKILL 3 times before a test began",
    ],
)
def test_a_kill_leaves_open_whose_fault_it_was(reason: str) -> None:
    """A program, a model host or a suite's interpreter may have killed itself: it ends as infra, and says crash."""
    killed = _result(Outcome.INFRA, reason)
    assert (sign_of(killed), was_killed(killed), failure_of(killed)) == (Sign.CRASH, True, FailureType.CRASH)
    given_back = replace(killed, crashed=False)
    assert (sign_of(given_back), was_killed(given_back)) == (None, False)
    assert not was_killed(_result(Outcome.INFRA, "the browser's host crashed: its process ended by SIGKILL"))


def test_an_error_before_anything_ran_says_nothing() -> None:
    """A program that is not there is no sign of the device's health, good or bad."""
    assert sign_of(_result(Outcome.ERROR, "the program 'x' was not found on the PATH")) is None
