"""What becomes of tests whose process has lost its device."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from dtf.domain.case import CaseResult
from dtf.execution.executors.pytest_session.runner_handle import RunnerHandle
from dtf.resilience.sticky import beside, find_sticky, runs_again, sticky_texts

#: The property of a case that showed a lost device and counts by its second result.
COLLATERAL: Final = "dtf_collateral"

_MOST_NOTES = 10


class DeviceLosses:
    """Tells whom the loss of a device is charged to, in one shard.

    The first test of a process is charged when it shows one. Any other runs once more, first in a new process: one that
    shows a loss again is charged, else its new result counts, marked as collateral.

    Attributes:
        texts: What shows the loss of a device in an error; nothing on hardware without a context to lose.
    """

    def __init__(self, hardware: str) -> None:
        self.texts = sticky_texts(hardware)
        self._suspects: dict[int, str] = {}
        self._shown: dict[int, str] = {}
        self._marked: list[str] = []

    @property
    def notes(self) -> Mapping[str, str]:
        """The proof's remarks for people: what was collateral, and beside which tests."""
        if not self._marked:
            return {}
        more = len(self._marked) - _MOST_NOTES
        rest = [f"{more} more tests of this shard were collateral of a lost device"] if more > 0 else []
        return {"notes": "\n".join([*self._marked[:_MOST_NOTES], *rest])}

    def find(self, text: str) -> str:
        """What in a text shows the loss of a device; empty: nothing."""
        return find_sticky(text, self.texts)

    def put_off(self, ordinal: int, nodeid: str, shown: str, runner: RunnerHandle) -> str:
        """Have a test run once more if it may not be its own fault.

        Args:
            ordinal: The test's place in the manifest.
            nodeid: Its node id.
            shown: What in its error shows the loss of the device; empty: nothing.
            runner: The process, as it was before the test.

        Returns:
            What to say of it in the log; empty: it is charged with what it came to.
        """
        if not shown or not runs_again(ran=runner.ran, again=ordinal in self._suspects):
            return ""
        self._suspects[ordinal] = beside(list(runner.latest), runner.ran)
        self._shown[ordinal] = shown
        return f"{self._told(ordinal, nodeid)}; it runs again, first in a new process"

    def mark(self, case: CaseResult, shown: str) -> CaseResult:
        """The case as it counts: one that ran again and shows no loss any more is collateral."""
        if shown or case.ordinal not in self._suspects:
            return case
        told = self._told(case.ordinal, case.nodeid)
        self._marked.append(f"{told}; it ran again, first in a new process, and is {case.outcome}")
        sentence = (
            f'the device was lost ("{self._shown[case.ordinal]}") beside earlier tests of the process: '
            f"{self._suspects[case.ordinal]}; this result is of a new process"
        )
        return replace(case, properties={**case.properties, COLLATERAL: sentence})

    def _told(self, ordinal: int, nodeid: str) -> str:
        return f'{nodeid} showed a lost device ("{self._shown[ordinal]}") after {self._suspects[ordinal]}'
