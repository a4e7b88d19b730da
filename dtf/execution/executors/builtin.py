"""The executors that come with dtf, as a plugin."""

from collections.abc import Sequence
from pathlib import Path

from dtf.domain.ports.executor import Executor
from dtf.execution.executors.command import CommandExecutor
from dtf.hookspecs import hookimpl


class BuiltinExecutors:
    """The executors that come with dtf."""

    def __init__(self, root: Path) -> None:
        """Build the plugin.

        Args:
            root: The worker's directory on this machine.
        """
        self._root = root

    @hookimpl
    def dtf_executors(self) -> Sequence[Executor]:
        """Give the executors for programs, pytest suites, models and browsers."""
        # only a worker needs it
        from dtf.execution.executors.benchmark import BenchmarkExecutor  # noqa: PLC0415
        from dtf.execution.executors.browser import BrowserExecutor  # noqa: PLC0415
        from dtf.execution.executors.pytest_suite import PytestExecutor  # noqa: PLC0415

        return (CommandExecutor(), PytestExecutor(self._root), BenchmarkExecutor(), BrowserExecutor())
