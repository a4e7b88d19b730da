"""The warm parent: it holds what was collected, runs nothing, and forks a runner for each slot."""

from __future__ import annotations

import gc
import os
import select
import signal
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from . import capture
from .channel import Channel
from .process import adopt_orphans, children, die_with_parent, kill_strays, standard_streams
from .runner import Runner

if TYPE_CHECKING:
    import resource

    from .channel import Message
    from .outcome import Collector

_POLL_MS = 50


class Parent:
    """Forks runners when told to, and tells how each of them ended.

    It stays single-threaded, so that a fork is a whole copy.
    """

    def __init__(self, session: Any, channel: Channel, order: Message, collector: Collector) -> None:  # noqa: ANN401
        self._session = session
        self._channel = channel
        self._order = order
        self._collector = collector
        self._serials: dict[int, int] = {}
        self._watches: dict[int, int] = {}
        self._known = children()

    def serve(self) -> Runner | None:
        """Fork on demand until the executor says the end or is gone.

        Returns:
            In a forked process its runner; in the parent None.
        """
        capture.stop(self._session.config)
        _prepare_basetemp(self._session.config)
        while True:
            ready = self._wait()
            self._reap()
            if not ready:
                continue
            message = self._channel.receive()
            if message is None or message["do"] == "end":
                self._end()
                return None
            runner = self._fork(message)
            if runner is not None:
                return runner

    def _wait(self) -> bool:
        """Wait for a message or the end of a runner; True for a message."""
        if self._channel.pending():
            return True
        poll = select.poll()
        poll.register(self._channel.fileno(), select.POLLIN)
        for watch in self._watches.values():
            poll.register(watch, select.POLLIN)
        blind = len(self._watches) < len(self._serials)
        events = poll.poll(_POLL_MS if blind else None)
        return any(descriptor == self._channel.fileno() for descriptor, _ in events)

    def _fork(self, message: Message) -> Runner | None:
        descriptor, log = self._channel.descriptors.popleft(), self._channel.descriptors.popleft()
        gc.freeze()  # a collection in a runner would copy every page of what was collected here
        own = os.getpid()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # native threads that idle are known and looked at
            pid = os.fork()
        if pid == 0:
            return self._become_runner(own, descriptor, log, message)
        os.close(descriptor)
        os.close(log)
        self._serials[pid] = message["serial"]
        with suppress(AttributeError, OSError):  # older kernels: the runners are polled
            self._watches[pid] = os.pidfd_open(pid)
        self._channel.send({"event": "forked", "serial": message["serial"], "pid": pid})
        return None

    def _become_runner(self, parent: int, descriptor: int, log: int, message: Message) -> Runner:
        os.setsid()
        die_with_parent(parent)
        adopt_orphans()
        self._channel.close()
        for watch in self._watches.values():
            os.close(watch)
        standard_streams(log)
        os.close(log)
        order = {**self._order, **message}
        return Runner(self._session, Channel(descriptor), order, self._collector, forked=True)

    def _reap(self) -> None:
        for pid, serial in list(self._serials.items()):
            found, status, usage = os.wait4(pid, os.WNOHANG)
            if found:
                del self._serials[pid]
                if pid in self._watches:
                    os.close(self._watches.pop(pid))
                strays = kill_strays(self._known | set(self._serials))
                self._channel.send({"event": "exited", "serial": serial, "strays": strays, **_ending(status, usage)})

    def _end(self) -> None:
        """Kill the runners that the executor did not end."""
        for pid in self._serials:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        for pid in self._serials:
            with suppress(OSError):
                os.waitpid(pid, 0)
        kill_strays(self._known)


def _ending(status: int, usage: resource.struct_rusage) -> Message:
    killed = os.WIFSIGNALED(status)
    return {
        "code": None if killed else os.WEXITSTATUS(status),
        "signal": os.WTERMSIG(status) if killed else None,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "max_rss_bytes": usage.ru_maxrss * 1024,
    }


def _prepare_basetemp(config: Any) -> None:  # noqa: ANN401  # pytest's types differ between its versions
    """Make the directory below which each runner gets its own, once."""
    factory = getattr(config, "_tmp_path_factory", None)
    if factory is not None:
        factory.getbasetemp()
