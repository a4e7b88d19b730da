"""The agent as a plugin of pytest: it lets pytest collect as always and takes the run loop over."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from . import marks, options, reporter, xdist_shim
from .outcome import Collector, message, text
from .parent import Parent
from .runner import Runner
from .safety import why_not_to_fork
from .selection import Selection

if TYPE_CHECKING:
    from collections.abc import Generator

    from .channel import Channel, Message


class AgentPlugin:
    """Reports what was collected, then serves as the warm parent, or as the one process of a slot.

    Attributes:
        runner: Set in a process that runs tests.
    """

    def __init__(self, channel: Channel, order: Message) -> None:
        self._channel = channel
        self._order = order
        self._errors: list[str] = []
        self._deselected = 0
        self._skipped: dict[str, str] = {}
        self._collector: Collector | None = None
        self._dist = ""
        self._max_failures = 0
        self._selection = Selection(order["only"])
        self.runner: Runner | None = None

    @pytest.hookimpl(hookwrapper=True)
    def pytest_load_initial_conftests(self, early_config: Any) -> Generator[None, None, None]:  # noqa: ANN401
        """Keep pytest-cov out."""
        options.switch_off_coverage(early_config.known_args_namespace, self._note)
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: Any) -> None:  # noqa: ANN401
        """Take out what is not this process's to do, and make the mark known."""
        config.addinivalue_line("markers", marks.DECLARATION)
        option = config.option
        options.refuse(option)
        options.switch_off(option, self._note)
        xdist_shim.agree_on_seed(self._order, option)
        self._dist = str(getattr(option, "dist", None) or "")
        xdist_shim.neutralise(option)
        self._max_failures = int(getattr(option, "maxfail", 0) or 0)
        option.maxfail = 0  # the limit is the job's, not a process's
        if getattr(option, "basetemp", None):
            Path(option.basetemp).mkdir(parents=True, exist_ok=True)
            option.basetemp = str(Path(option.basetemp) / f"{self._order['worker_id']}-{os.getpid()}")

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: Any) -> None:  # noqa: ANN401
        """Silence the terminal, and leave out what is not asked for."""
        reporter.silence(config)
        options.forget(config)
        if self._order["only"]:
            config.pluginmanager.register(self._selection, "dtf-selection")
        self._collector = Collector(config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: Any) -> None:  # noqa: ANN401
        """Silence what plugins have put in the terminal's place."""
        reporter.silence(session.config)

    def pytest_collectstart(self, collector: Any) -> None:  # noqa: ANN401
        """Say which module is imported: if that kills the process, nobody else could."""
        if isinstance(collector, pytest.File):
            self._channel.send({"event": "collecting", "nodeid": collector.nodeid})

    def pytest_collectreport(self, report: Any) -> None:  # noqa: ANN401
        """Keep what could not be collected, and what skips itself as a whole."""
        if report.skipped:
            self._skipped.setdefault(report.nodeid, message("skipped", report))
        if report.failed:
            title = f" ERROR collecting {report.nodeid} "
            self._errors.append(f"{title:_^80}\n{text(report)}")

    def pytest_deselected(self, items: list[Any]) -> None:
        """Count what ``-k``, ``-m`` or a plugin leaves out."""
        self._deselected += len(items)

    def pytest_internalerror(self, excrepr: object) -> None:
        """Tell of an error of pytest or of a plugin."""
        if self.runner is None:
            self._channel.send({"event": "uncollected", "text": f"INTERNALERROR> {excrepr}"})

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:  # noqa: ANN401
        """Tell of ``pytest.exit`` during the collection."""
        if self.runner is None and not self._errors:
            self._channel.send({"event": "uncollected", "text": f"{excinfo.typename}: {excinfo.value}"})

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_runtest_makereport(self, call: Any) -> Generator[None, None, None]:  # noqa: ANN401
        """Before a test is torn down has to be known what follows it."""
        yield
        if self.runner is not None and (call.when == "call" or (call.when == "setup" and call.excinfo)):
            self.runner.look_ahead()

    def pytest_runtest_logreport(self, report: Any) -> None:  # noqa: ANN401
        """Gather the reports on the running item."""
        if self._collector is not None:
            self._collector.add(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool:  # noqa: ANN401
        """Serve until the executor ends it; a forked runner comes out of here too, and finishes its session."""
        if self._errors:
            self._channel.send({"event": "uncollected", "text": "\n".join(self._errors), "errors": len(self._errors)})
            raise session.Interrupted(f"{len(self._errors)} errors during collection")
        gone = self._selection.gone(session.items)
        if gone:
            self._channel.send({"event": "uncollected", "text": gone})
            raise session.Interrupted("tests are gone")
        try:
            collected = self._collected(session)
        except ValueError as error:
            self._channel.send({"event": "uncollected", "text": f"ERROR: {error}"})
            raise session.Interrupted("a mark cannot be used") from error
        self._channel.send(collected)
        if not session.items:
            return True
        assert self._collector is not None  # noqa: S101  # pytest_configure ran
        self._order["skipped"] = self._skipped
        if self._order["mode"] == "slot":
            self.runner = Runner.in_place(session, self._channel, self._order, self._collector)
        else:
            self.runner = Parent(session, self._channel, self._order, self._collector).serve()
        if self.runner is not None:
            self.runner.run()
        return True

    def _note(self, text: str) -> None:
        self._channel.send({"event": "note", "text": text})

    def _collected(self, session: Any) -> Message:  # noqa: ANN401
        group_of = functools.partial(xdist_shim.group_of, dist=self._dist)
        items = [
            [item.nodeid, xdist_shim.file_of(item), group_of(item), marks.requires_of(item)] for item in session.items
        ]
        if items and not self._order["only"]:
            # pytest counts a module that skips itself as one skip, beside the tests; alone it is nothing
            items += [[nodeid, items[-1][1], "", []] for nodeid in self._skipped]
        return {
            "event": "collected",
            "items": items,
            "deselected": self._deselected,
            "max_failures": self._max_failures,
            "unsafe": why_not_to_fork(),
            "pytest": pytest.__version__,
        }
