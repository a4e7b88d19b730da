import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dtf.domain.outcome import Outcome
from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.host.messages import Order, Report


class HostInProcess:
    """Drives one browser as the guardian's host process does, without that process."""

    def __init__(self, runner: asyncio.Runner, host: Any) -> None:
        self._runner = runner
        self._host = host
        self._number = 0

    def order(self, do: str, workdir: Path, limit_s: float = 30.0, **arguments: Any) -> Report:
        """Carry an order out; what it keeps lies below ``workdir/kept``."""
        self._number += 1
        order = Order(
            number=self._number,
            do=do,
            arguments=arguments,
            workdir=str(workdir),
            artifacts=str(workdir / "kept"),
            time_limit_s=limit_s,
        )
        report: Report = self._runner.run(self._host.handle(order))
        assert report.number == order.number
        return report


@contextmanager
def open_host(choice: BrowserChoice) -> Iterator[HostInProcess]:
    """Start a browser; it ends with the context."""
    from playwright.async_api import async_playwright

    from dtf.execution.browser_host.host import Host

    with asyncio.Runner() as runner:
        playwright = runner.run(async_playwright().start())
        real = Host(playwright)
        host = HostInProcess(runner, real)
        words = {"browser": choice.browser, "executable": choice.executable, "channel": choice.channel}
        opened = host.order("open", Path("/nonexistent"), limit_s=60, **words)
        assert opened.outcome is Outcome.PASSED, opened.reason
        try:
            yield host
        finally:
            runner.run(real.close())
            runner.run(playwright.stop())
