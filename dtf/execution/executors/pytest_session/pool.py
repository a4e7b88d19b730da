"""The warm sessions of a worker."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from dtf.domain.ports.executor import Spawner
from dtf.execution.executors.pytest_session.suite import Suite
from dtf.execution.executors.pytest_session.warm_session import WarmSession

logger = logging.getLogger(__name__)


class SessionPool:
    """Starts sessions when they are needed and closes those that nobody uses.

    A session that no shard uses stays warm for the next one, but those of ``max_idle`` jobs at most and none longer
    than ``idle_s``. A job has several where each of its slots has a device of its own.
    """

    def __init__(self, directory: Path, *, max_idle: int = 2, idle_s: float = 60.0) -> None:
        self._directory = directory
        self._max_idle = max_idle
        self._idle_s = idle_s
        self._sessions: dict[str, WarmSession] = {}
        self._lock = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def use(self, suite: Suite, spawner: Spawner) -> AsyncIterator[WarmSession]:
        """The session of a suite, kept while it is used.

        Raises:
            SessionFailedError: Its interpreter cannot be started.
        """
        async with self._lock:
            session = self._sessions.get(suite.key)
            if session is None or not session.alive:
                if session is not None:
                    self._close(suite.key)
                self._directory.mkdir(parents=True, exist_ok=True)
                session = self._sessions[suite.key] = await WarmSession.start(suite, spawner, self._directory)
            session.users += 1
        try:
            yield session
        finally:
            session.users -= 1
            session.idle_since = asyncio.get_running_loop().time()
            self._close_idle(self._max_idle)
            asyncio.get_running_loop().call_later(self._idle_s + 0.1, self._close_old)

    def discard(self, session: WarmSession) -> None:
        """Close a session that will not be wanted any more, unless somebody uses it."""
        if session.users == 0 and self._sessions.get(session.suite.key) is session:
            self._close(session.suite.key)

    async def drop(self, session: WarmSession) -> None:
        """Close a session that must not stay, unless somebody uses it, and wait for its end."""
        self.discard(session)
        await asyncio.gather(*self._closing)

    async def close(self) -> None:
        """Close all sessions."""
        for key in list(self._sessions):
            self._close(key)
        await asyncio.gather(*self._closing)

    def _close_old(self) -> None:
        limit = asyncio.get_running_loop().time() - self._idle_s
        for key, session in list(self._sessions.items()):
            if session.users == 0 and session.idle_since <= limit:
                self._close(key)

    def _close_idle(self, keep: int) -> None:
        idle = {key: session for key, session in self._sessions.items() if session.users == 0}
        latest: dict[str, float] = {}
        for session in idle.values():
            job_id = session.suite.job_id
            latest[job_id] = max(latest.get(job_id, 0.0), session.idle_since)
        kept = sorted(latest, key=lambda job_id: latest[job_id])[max(0, len(latest) - keep) :]
        for key, session in idle.items():
            if session.suite.job_id not in kept:
                self._close(key)

    def _close(self, key: str) -> None:
        session = self._sessions.pop(key)
        task = asyncio.create_task(session.close())
        self._closing.add(task)
        task.add_done_callback(self._closed)

    def _closed(self, task: asyncio.Task[None]) -> None:
        self._closing.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("a session did not close", exc_info=task.exception())
