"""Why a suite could not be collected, told as its user understands it."""

import re

from dtf.domain.outcome import Outcome
from dtf.execution.executors.pytest_session.death import Death
from dtf.execution.host.line_channel import Message

_TITLE = re.compile(r"^_+ ERROR collecting .* _+$")


class SessionFailedError(Exception):
    """A session did not come up.

    Attributes:
        outcome: ERROR for the suite's own fault, INFRA for a kill from outside, TIMEOUT.
        reason: One sentence.
        text: What pytest or the interpreter said about it; may be empty.
        printed: Whether the text is what its process printed.
    """

    def __init__(self, outcome: Outcome, reason: str, text: str = "", *, printed: bool = False) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
        self.text = text
        self.printed = printed


def explain(death: Death, *, python: str, answer: Message | None, collecting: str, printed: str) -> SessionFailedError:
    """Explain why an agent ended before it had collected.

    Args:
        death: How it ended.
        python: The interpreter.
        answer: What the agent said last about a failure; None: nothing.
        collecting: The module that was imported last; empty: none.
        printed: The end of what it printed.
    """
    if answer is not None and answer["event"] == "no_pytest":
        reason = f"{python} has no pytest ({answer['error']}); install it: {python} -m pip install pytest"
        return SessionFailedError(Outcome.ERROR, reason, printed, printed=True)
    if answer is not None:
        text = str(answer["text"])
        return SessionFailedError(Outcome.ERROR, f"the suite could not be collected: {_gist(text)}", text)
    where = f" while it collected {collecting}" if collecting else " before it had collected anything"
    if death.signal is not None:
        outcome = Outcome.ERROR if death.own_fault else Outcome.INFRA
        return SessionFailedError(outcome, f"the interpreter ended {death.how}{where}", printed, printed=True)
    gist = _gist(printed)
    if death.code == 4 and gist:  # pytest's own exit status for a wrong use
        reason = f"pytest did not accept the suite or its arguments: {gist}"
        return SessionFailedError(Outcome.ERROR, reason, printed, printed=True)
    reason = f"the interpreter ended {death.how}{where}" + (f": {gist}" if gist else "")
    return SessionFailedError(Outcome.ERROR, reason, printed, printed=True)


def _gist(text: str) -> str:
    """The lines that say most: argparse's, else pytest's own errors, else an exception's, else the last, else all."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for chosen in (
        [line.partition(": error: ")[2] for line in lines if ": error: " in line],
        [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")],
        [line[1:].strip() for line in lines if line.startswith("E ") and "Error" in line],
        [line[1:].strip() for line in lines if line.startswith("E ")],
        _untraced(lines),
        lines[-1:],
    ):
        if chosen:
            return "; ".join(list(dict.fromkeys(chosen))[:3])[:1000]
    return ""


def _untraced(lines: list[str]) -> list[str]:
    """What pytest says of each module that it refuses, without a traceback: all of it but the title and the hint."""
    if not lines or not _TITLE.search(lines[0]):
        return []
    found: list[list[str]] = []
    for line in lines:
        if _TITLE.search(line):
            found.append([])
        elif not line.startswith("HINT:"):
            found[-1].append(line)
    return [" ".join(told[:6]) for told in found if told]
