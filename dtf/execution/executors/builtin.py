"""The executors that come with dtf, as a plugin."""

from collections.abc import Sequence
from pathlib import Path

from dtf.domain.ports.executor import Executor
from dtf.execution.executors.command import CommandExecutor
from dtf.hookspecs import hookimpl


class BuiltinExecutors:
    """The executors that come with dtf."""

    def __init__(self, root: Path, *, web_assets: Path | None = None) -> None:
        """Build the plugin.

        Args:
            root: The worker's directory on this machine.
            web_assets: The directory with what browser jobs take from npm; None: where set-up puts it.
        """
        self._root = root
        self._web_assets = web_assets

    @hookimpl
    def dtf_executors(self) -> Sequence[Executor]:
        """Give the executors for programs, pytest suites, models and browsers."""
        # only a worker needs it
        from dtf.execution.executors.benchmark import BenchmarkExecutor  # noqa: PLC0415
        from dtf.execution.executors.browser import BrowserExecutor  # noqa: PLC0415
        from dtf.execution.executors.pytest_suite import PytestExecutor  # noqa: PLC0415

        browsers = BrowserExecutor(web_assets=self._web_assets)
        return (CommandExecutor(), PytestExecutor(self._root), BenchmarkExecutor(), browsers)
