"""From pytest's reports on one item to one case."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Case = dict[str, Any]

_now = time.time  # tests freeze the time

#: The verdicts, the gravest first. One case is one item, so of several reports the gravest counts; a test that failed
#: and whose teardown broke too is one failure here, and a failure and an error to pytest.
_GRAVITY = ("failed", "error", "xpassed", "xfailed", "skipped", "passed")

_MESSAGE_CAP = 1000

#: How many of a test's recorded properties a case keeps, and how many characters of a name and of a value.
_MOST_PROPERTIES = 100
_NAME_CAP, _VALUE_CAP = 200, 4000


class Collector:
    """Gathers the reports on the item that runs.

    Attributes:
        cap: The most characters of captured output, and of the failure, that a case keeps.
        on_failure: Called once for an item that fails or breaks, before its teardown where that is still to come.
        sticky: What in the message of an error shows that this process has lost its device.
        lost: Which of these the item's errors had first; empty: none.
    """

    def __init__(self, config: Any) -> None:  # noqa: ANN401  # pytest's types differ between its versions
        self._config = config
        self._reports: list[tuple[str, Any]] = []
        self._started = 0.0
        self.cap = 65536
        self.on_failure: Callable[[], None] | None = None
        self._failed = False
        self.sticky: Sequence[str] = ()
        self.lost = ""

    def begin(self) -> None:
        """Forget the item before."""
        self._reports = []
        self._failed = False
        self.lost = ""
        self._started = _now()

    def add(self, report: Any) -> None:  # noqa: ANN401
        """Take one of pytest's reports; categories that no case knows (``rerun``) are left out."""
        status = self._config.hook.pytest_report_teststatus(report=report, config=self._config)
        if status:
            category = status[0]
        else:  # the suite runs without pytest's terminal plugin, which knows the categories
            category = (
                report.outcome
                if report.when == "call" or report.skipped
                else {"failed": "error"}.get(report.outcome, "")
            )
        self._reports.append((category, report))
        if self.sticky and not self.lost and category in ("failed", "error", "xfailed"):
            self.lost = next((one for one in self.sticky if one in said(report)), "")
        if category in ("failed", "error") and not self._failed:
            self._failed = True
            if self.on_failure is not None:
                self.on_failure()

    def case(self, ordinal: int, nodeid: str) -> Case:
        """The case that the reports come to."""
        known = [pair for pair in self._reports if pair[0] in _GRAVITY]
        base = {"ordinal": ordinal, "nodeid": nodeid, "started_at": self._started}
        if not known:
            return {**base, "outcome": "error", "phase": "setup", "message": "pytest reported nothing for this test"}
        gravest = min(known, key=lambda pair: _GRAVITY.index(pair[0]))
        details = [text(report) for category, report in known if category in ("failed", "error")]
        return {
            **base,
            "outcome": gravest[0],
            "phase": gravest[1].when,
            "duration_s": sum(report.duration for _, report in self._reports),
            "message": clean(message(*gravest))[:_MESSAGE_CAP],
            "details": cut(clean("\n".join(details)), self.cap),
            "output": cut(clean(sections(self._reports[-1][1], self.cap)), self.cap),
            "properties": properties(self._reports[-1][1]),
            "lost": self.lost,
        }


def skipped_module(ordinal: int, nodeid: str, reason: str) -> Case:
    """The case of a module that skipped itself when it was imported."""
    base = {"ordinal": ordinal, "nodeid": nodeid, "started_at": _now()}
    return {**base, "outcome": "skipped", "phase": "setup", "message": clean(reason)[:_MESSAGE_CAP]}


def message(category: str, report: Any) -> str:  # noqa: ANN401
    """One line on why a test failed, was skipped or was expected to fail."""
    if category == "passed":
        return ""
    if category in ("xfailed", "xpassed"):
        return str(getattr(report, "wasxfail", "")).removeprefix("reason: ")
    longrepr = report.longrepr
    if category == "skipped" and isinstance(longrepr, tuple):
        return str(longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(longrepr, "reprcrash", None)
    if crash is not None:
        return str(crash.message).strip().split("\n", 1)[0]
    lines = text(report).strip().splitlines()
    return lines[-1] if lines else ""


def said(report: Any) -> str:  # noqa: ANN401
    """What the exceptions of a failure say, the chained ones too, without the code that pytest shows around them."""
    longrepr = report.longrepr
    crashes = [link[1] for link in getattr(longrepr, "chain", ())] or [getattr(longrepr, "reprcrash", None)]
    return "\n".join(str(crash.message) for crash in crashes if crash is not None) or text(report)


def text(report: Any) -> str:  # noqa: ANN401
    """The failure as pytest prints it."""
    try:
        return str(report.longreprtext)
    except Exception as error:  # noqa: BLE001  # a suite's own representation may raise anything
        return f"<the failure cannot be shown: {type(error).__name__}>"


def sections(report: Any, cap: int) -> str:  # noqa: ANN401
    """The captured output with pytest's titles; each section is cut before they are joined."""
    return "\n".join(f"{' ' + title + ' ':-^80}\n{cut(content, cap)}" for title, content in report.sections if content)


def properties(report: Any) -> dict[str, str]:  # noqa: ANN401
    """What the test recorded with ``record_property``, as text; of equal names the last counts."""
    found: dict[str, str] = {}
    for pair in list(getattr(report, "user_properties", ()))[:_MOST_PROPERTIES]:
        try:
            name, value = pair
            found[clean(str(name))[:_NAME_CAP]] = cut(clean(str(value)), _VALUE_CAP)
        except Exception as error:  # noqa: BLE001  # a suite's own value may raise anything, and be no pair
            found[f"property {len(found) + 1}"] = f"<it cannot be shown: {type(error).__name__}>"
    return found


def cut(content: str, cap: int) -> str:
    """The beginning and the end of what is too long."""
    if len(content) <= cap:
        return content
    half = cap // 2
    return f"{content[:half]}\n[... {len(content) - 2 * half} characters cut ...]\n{content[-half:]}"


def clean(content: str) -> str:
    """Replace what is no Unicode text: lone surrogates come from output in another encoding."""
    return content.encode("utf-8", "backslashreplace").decode("utf-8")
