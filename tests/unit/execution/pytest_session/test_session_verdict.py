import pytest

from dtf.execution.executors.pytest_session.death import Death
from dtf.execution.executors.pytest_session.session_end import SessionEnd


@pytest.mark.parametrize("code", [0, 1, 5])
def test_what_tests_account_for_is_no_complaint(code: int) -> None:
    """Passed, failed and none are the cases' own to tell."""
    assert SessionEnd(death=Death(code=code, signal=None)).complaint == ""


@pytest.mark.parametrize(
    ("end", "complaint"),
    [
        (SessionEnd(death=Death(code=9, signal=None)), "the session ended with status 9 (set by its own hooks)"),
        (
            SessionEnd(death=Death(code=3, signal=None)),
            "the session ended with status 3 (an error at its end, see the log)",
        ),
        (SessionEnd(death=Death(code=None, signal=11)), "the interpreter ended by SIGSEGV while the session ended"),
        (
            SessionEnd(death=Death(code=None, signal=9), grace_s=15.0),
            "the session did not end within 15 s after its last test",
        ),
        (SessionEnd(death=Death(code=None, signal=9)), ""),
    ],
)
def test_what_a_session_is_to_blame_for(end: SessionEnd, complaint: str) -> None:
    """A status of its own, a crash and a hang are told; a kill from outside is not its fault."""
    assert end.complaint == complaint
