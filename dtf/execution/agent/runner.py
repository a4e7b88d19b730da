"""Runs tests one after another, and keeps session fixtures from shard to shard."""

from __future__ import annotations

import faulthandler
import gc
import os
import resource
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from . import capture, xdist_shim
from .following import Held, Later
from .outcome import skipped_module

if TYPE_CHECKING:
    from .channel import Channel, Message
    from .outcome import Collector

# Tests patch modules; what is needed between them is kept here.
_getpid = os.getpid
_exit = os._exit


class Runner:
    """Works off the orders of its slot until the executor says the end.

    The last test of an order waits until the next order is announced or it is clear that none follows, because
    pytest has to know the next test to tear down the right fixtures.
    """

    def __init__(
        self,
        session: Any,  # noqa: ANN401
        channel: Channel,
        order: Message,
        collector: Collector,
        *,
        forked: bool,
    ) -> None:
        self._session = session
        self._channel = channel
        self._collector = collector
        self._forked = forked
        self._pid = os.getpid()
        self._outbox: list[Message] = []
        self._failures_left: int | None = None
        self._stops = False
        self._later: Later | None = None
        collector.on_failure = self._count_failure
        collector.cap = order["output_cap"]
        self._skipped: dict[str, str] = order["skipped"]
        self._by_id: dict[str, Any] = {}
        for item in session.items:
            self._by_id.setdefault(item.nodeid, item)
        self._set_up(order)

    @classmethod
    def in_place(cls, session: Any, channel: Channel, order: Message, collector: Collector) -> Runner:  # noqa: ANN401
        """The runner of a process that was not forked."""
        capture.stop(session.config)
        return cls(session, channel, order, collector, forked=False)

    def run(self) -> None:
        """Work until there is an end."""
        while True:
            message = self._receive()
            if message is None or message["do"] == "end":
                return
            if message["do"] == "begin" and not self._work(message):
                return

    def leave(self, status: int) -> None:
        """End a forked process without what its parent has registered for its own exit."""
        if self._forked or _getpid() != self._pid:
            for stream in (sys.stdout, sys.stderr):
                with suppress(Exception):
                    stream.flush()
            _exit(status)

    def _set_up(self, order: Message) -> None:
        config = self._session.config
        xdist_shim.become_worker(config, order)
        os.environ["PYTEST_XDIST_WORKER"] = order["worker_id"]  # noqa: TID251  # the suite reads it there
        os.environ["PYTEST_XDIST_WORKER_COUNT"] = str(order["worker_count"])  # noqa: TID251
        os.environ["PYTEST_XDIST_TESTRUNUID"] = config.workerinput["testrunuid"]  # noqa: TID251
        if self._forked:
            _own_basetemp(config, f"popen-{order['worker_id']}-{order['serial']}")
        stacks = os.open(order["stacks"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        if config.pluginmanager.hasplugin("faulthandler"):
            faulthandler.enable(file=stacks)
        faulthandler.register(order["dump_signal"], file=stacks, all_threads=True, chain=False)
        capture.start(config)
        gc.freeze()
        gc.enable()
        self._send({"event": "ready", "pid": self._pid, "captures": capture.files(config)})

    def _work(self, message: Message) -> bool:
        """Run an order; False when the session is to end with it."""
        _update_environment(message["environment"])
        self._failures_left = message.get("failures_left")
        self._collector.sticky = message["sticky"]
        work = []
        for ordinal, nodeid in message["items"]:
            item = self._find(ordinal, nodeid)
            if item is not None:
                work.append((ordinal, item))
            elif nodeid in self._skipped:
                self._outbox.append({"event": "case", **skipped_module(ordinal, nodeid, self._skipped[nodeid])})
            else:
                self._outbox.append({"event": "missing", "ordinal": ordinal})
        following: Any = self._session
        if work:
            self._settle(work[0][1])
        for place, (ordinal, item) in enumerate(work):
            following = work[place + 1][1] if place + 1 < len(work) else self._await_next(item, message)
            self._run_item(ordinal, item, following)
            if self._stops or self._stopped_by or self._collector.lost:
                break
        lost = bool(self._collector.lost)
        goes_on = following.goes_on() if isinstance(following, Later) else following is not None
        ended = {"stopped": self._stops, "stopped_by": self._stopped_by, "lost": lost}
        self._send({"event": "done", **ended, **_usage()})
        return goes_on and not self._stops and not self._stopped_by and not lost

    @property
    def _stopped_by(self) -> str:
        """Why the suite itself wants no further test; empty: it does not."""
        session = self._session
        return "" if self._stops else str(session.shouldfail or session.shouldstop or "")

    def look_ahead(self) -> None:
        """Find out now what follows the running test, if that is still open."""
        if self._later is not None:
            self._check_process()
            self._later.resolve()

    def _run_item(self, ordinal: int, item: Any, following: Any) -> None:  # noqa: ANN401
        self._send({"event": "start", "ordinal": ordinal})
        self._collector.begin()
        try:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        except BaseException as error:
            self._check_process()
            name = "pytest.exit" if isinstance(error, pytest.exit.Exception) else type(error).__name__
            details = "" if isinstance(error, pytest.exit.Exception) else traceback.format_exc()
            message = f"{name}: {error}" if str(error) else name
            self._send({"event": "quit", "ordinal": ordinal, "message": message, "details": details[-20000:]})
            raise
        finally:
            self._later = None
        self._check_process()
        self._outbox.append({"event": "case", **self._collector.case(ordinal, item.nodeid)})

    def _count_failure(self) -> None:
        """Have pytest stop after the test that runs, if it was one failure too many: it tears everything down then.

        One that shows the loss of the device may not count; this process ends with it anyhow.
        """
        if self._failures_left is not None and not self._collector.lost:
            self._failures_left -= 1
            if self._failures_left <= 0:
                self._stops = True
                self._session.shouldfail = "stopping after too many failures"

    def _await_next(self, item: Any, message: Message) -> Any:  # noqa: ANN401
        """What follows the last test of an order.

        That its session ends with it is told before it begins, if it is so. Otherwise nothing is claimed for this slot
        before the test has been called: what was claimed would wait as long as it takes.
        """
        if message.get("last"):
            return None
        self._outbox.append({"event": "holding"})
        answer = self._receive()
        if answer is not None and answer["do"] == "later":
            self._later = Later(lambda: self._ask_next(item))
            return self._later
        return self._following(item, answer)

    def _ask_next(self, item: Any) -> Any:  # noqa: ANN401
        self._outbox.append({"event": "claiming"})
        return self._following(item, self._receive())

    def _following(self, item: Any, answer: Message | None) -> Any:  # noqa: ANN401
        """What an answer says: a test, a ``Held``, or None when the session ends."""
        if answer is None or answer["do"] in ("last", "end"):
            return None
        if answer["do"] == "next":
            for ordinal, nodeid in answer["items"]:
                following = self._find(ordinal, nodeid)
                if following is not None:
                    return following
        return Held(item)

    def _settle(self, item: Any) -> None:  # noqa: ANN401
        """Tear down what was kept for a test that did not come."""
        try:
            self._session._setupstate.teardown_exact(item)  # noqa: SLF001  # pytest has no public name for it
        except Exception:  # noqa: BLE001  # it is the suite's; the test that begins has no part in it
            traceback.print_exc()

    def _find(self, ordinal: int, nodeid: str) -> Any:  # noqa: ANN401
        """The item of a manifest's entry; equal node ids are told apart by their place."""
        items = self._session.items
        if ordinal < len(items) and items[ordinal].nodeid == nodeid:
            return items[ordinal]
        return self._by_id.get(nodeid)

    def _check_process(self) -> None:
        """End a process that a test forked and that came back out of the test."""
        if _getpid() != self._pid:
            _exit(1)

    def _send(self, message: Message) -> None:
        self._outbox.append(message)
        self._flush()

    def _flush(self) -> None:
        if self._outbox:
            self._channel.send(*self._outbox)
            self._outbox.clear()

    def _receive(self) -> Message | None:
        self._flush()
        return self._channel.receive()


def _update_environment(changes: dict[str, str | None]) -> None:
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)  # noqa: TID251  # the suite reads it there
        else:
            os.environ[name] = value  # noqa: TID251


def _own_basetemp(config: Any, name: str) -> None:  # noqa: ANN401
    """Give this process a directory of its own for ``tmp_path``, below its parent's, as pytest-xdist does."""
    factory = getattr(config, "_tmp_path_factory", None)
    if factory is not None:
        own = Path(factory.getbasetemp()) / name
        own.mkdir(mode=0o700, exist_ok=True)
        factory._basetemp = own  # noqa: SLF001  # pytest has no public name for it


def _usage() -> Message:
    times = os.times()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "cpu_s": times.user + times.system + times.children_user + times.children_system,
        "max_rss_bytes": peak,
    }
