from dtf.domain.outcome import Outcome
from dtf.execution.executors.pytest_session.death import Death
from dtf.execution.executors.pytest_session.failure import SessionFailedError, explain


def told(death: Death, printed: str = "", collecting: str = "", **answer: object) -> SessionFailedError:
    """The explanation of a death, in short."""
    return explain(death, python="/py", answer=answer or None, collecting=collecting, printed=printed)


def test_a_kill_from_outside_is_infra() -> None:
    """SIGKILL during a collection is the infrastructure's; SIGSEGV is the suite's."""
    assert told(Death(code=None, signal=9)).outcome is Outcome.INFRA
    assert told(Death(code=None, signal=11)).outcome is Outcome.ERROR


def test_the_module_is_named() -> None:
    """What was imported when the interpreter died stands in the reason."""
    error = told(Death(code=3, signal=None), collecting="tests/test_a.py")
    assert error.reason == "the interpreter ended with status 3 while it collected tests/test_a.py"


def test_usage_errors_are_told_without_the_usage() -> None:
    """Of argparse's message only the error is told."""
    printed = (
        "ERROR: usage: pytest.main() [options]\npytest.main(): error: unrecognized arguments: --x\n  inifile: None\n"
    )
    assert told(Death(code=4, signal=None), printed).reason.endswith(": unrecognized arguments: --x")


def test_the_gist_of_a_collection_error() -> None:
    """Of a traceback the exception is told, and the whole is kept."""
    text = "__ ERROR collecting a.py __\na.py:1: in <module>\nE   ModuleNotFoundError: No module named 'nope'"
    error = told(Death(code=2, signal=None), event="uncollected", text=text)
    assert error.reason == "the suite could not be collected: ModuleNotFoundError: No module named 'nope'"
    assert error.text == text


def test_no_pytest() -> None:
    """The command that installs pytest is named."""
    error = told(Death(code=3, signal=None), event="no_pytest", error="No module named 'pytest'")
    assert error.reason.endswith("install it: /py -m pip install pytest")


def test_a_refusal_without_a_traceback_is_told_whole() -> None:
    """Of a refusal in several lines all is told but the hint, for each module once."""
    body = "import file mismatch:\nimported module 'x' has this __file__ attribute:\n  /a/x.py\nHINT: remove it\n"
    error = told(Death(code=2, signal=None), event="uncollected", text=f"__ ERROR collecting b/x.py __\n{body}")
    assert error.reason.endswith(
        "collected: import file mismatch: imported module 'x' has this __file__ attribute: /a/x.py"
    )


def test_a_message_is_told_once() -> None:
    """What is printed twice stands once in the reason."""
    error = told(Death(code=4, signal=None), "ERROR: file or directory not found: x\n" * 2)
    assert error.reason.endswith("arguments: file or directory not found: x")
