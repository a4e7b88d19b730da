"""What a trial starts and writes, kept together so that all of it can be ended at any moment."""

import os
import shutil
import signal
import threading
import time
from contextlib import suppress
from typing import Self

from dtf.execution.executors.browser_pool.profile_directory import ProfileDirectory
from dtf.execution.injector.injection import InjectorError
from dtf.execution.processes.ending import send_signal
from dtf.processes.libc import set_subreaper
from dtf.processes.process_table import ProcessEntry, ProcessId, descendants, read_table

#: How long all processes together may take to be gone once they are killed, in seconds.
_GONE_S = 3.0
_LOOK_S = 0.02
#: So often in a row nothing is found before it is believed.
_UNSEEN = 2
#: Where programs put temporary files.
_PLACE = "TMPDIR"
_INTERRUPTS = frozenset({signal.SIGINT, signal.SIGTERM})


class Enclosure:
    """All processes that this one starts while the context is open, and their temporary files; both end with it.

    This process adopts what loses its parent, so that a browser whose driver died is still below it; and the driver
    is told of a temporary directory of its own, as a browser that is killed removes nothing. Whatever was injected
    sits in these processes, and goes with them.

    To be used in the main thread. ``end`` and ``end_at_once`` may be called in a signal handler.
    """

    def __init__(self) -> None:
        self._others: frozenset[int] = frozenset()
        self._directory: ProfileDirectory | None = None
        self._place_before: str | None = None
        self._adopted_before = False

    def __enter__(self) -> Self:
        """Begin.

        Raises:
            InjectorError: There is no place for temporary files.
        """
        self._others = frozenset(descendants(read_table(), (os.getpid(),)))
        # a directory that is made and not yet known would stay
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
        try:
            self._directory = ProfileDirectory()
        except OSError as error:
            raise InjectorError(f"there is no place for temporary files: {error.strerror}") from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        # who could not enter does not adopt
        self._adopted_before = set_subreaper(adopts=True)
        # Playwright gives its driver the environment of this process, and nothing else can be said to it
        self._place_before = os.environ.get(_PLACE)  # noqa: TID251
        os.environ[_PLACE] = str(self._directory.path)  # noqa: TID251
        return self

    def __exit__(self, *_: object) -> None:
        """End all of it."""
        if self._place_before is None:
            os.environ.pop(_PLACE, None)  # noqa: TID251  # as it was
        else:
            os.environ[_PLACE] = self._place_before  # noqa: TID251  # as it was
        self.end()
        self._reap()
        set_subreaper(adopts=self._adopted_before)
        if self._directory is not None:
            self._directory.remove()

    def end(self) -> tuple[int, ...]:
        """Kill all processes, wait until they are gone, and remove their files.

        Returns:
            The pids of those that do not die, which are stuck in the kernel.
        """
        stuck = self._kill()
        self._remove_files()
        return stuck

    def end_at_once(self) -> None:
        """Kill all processes, and wait for nothing; their files stay until somebody starts a browser."""
        for process in self._running():
            send_signal(process, signal.SIGKILL)

    def _kill(self) -> tuple[int, ...]:
        """Kill until none is found any more: they may fork meanwhile."""
        deadline = time.monotonic() + _GONE_S
        unseen = 0
        while unseen < _UNSEEN:
            running = self._running()
            unseen = 0 if running else unseen + 1
            for process in running:
                send_signal(process, signal.SIGKILL)
            if running and time.monotonic() > deadline:
                return tuple(sorted(process.pid for process in running))
            if running:
                threading.Event().wait(_LOOK_S)  # the ends of others' children come with no event
        return ()

    def _remove_files(self) -> None:
        # the directory itself too, as the process may end without more; ``remove`` finds that it is gone
        if self._directory is not None:
            shutil.rmtree(self._directory.path, ignore_errors=True)

    def _running(self) -> list[ProcessId]:
        return [entry.identity for entry in self._entries() if entry.alive]

    def _entries(self) -> list[ProcessEntry]:
        """What is below this process and was not, nor below what was, when it began."""
        table = read_table()
        others = self._others | descendants(table, self._others)
        return [table[pid] for pid in descendants(table, (os.getpid(),)) - others]

    def _reap(self) -> None:
        """Wait for what was adopted and has ended; a browser is in a session of its own, and so is what it leaves.

        Others wait for children that were started here: these are in this session.
        """
        here, session = os.getpid(), os.getsid(0)
        for entry in self._entries():
            pid = entry.identity.pid
            with suppress(ProcessLookupError, ChildProcessError):  # somebody else has waited for it
                if entry.parent == here and not entry.alive and os.getsid(pid) != session:
                    os.waitpid(pid, os.WNOHANG)
