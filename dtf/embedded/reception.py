"""Who uses the cluster, and what each of them needs."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from dtf.domain.codec import from_json
from dtf.domain.errors import BadInputError, ClusterError
from dtf.domain.specs import HARDWARE_TAGS
from dtf.embedded.cluster import Cluster
from dtf.embedded.control import User
from dtf.embedded.forked import Forked
from dtf.embedded.workforce import MOST_WORKERS, Demand
from dtf.execution.profile import WorkerProfile
from dtf.processes.reaper import Reaper

_LOG = logging.getLogger(__name__)

_COMMAND_ENDED = "its command ended"
_MOST_PROFILES = 64
_FIRST_USER_WITHIN_S = 2.0


class Reception:
    """Answers the users, counts them, and says when the last has gone.

    Attributes:
        cluster: What they use.
        ended: Set when the supervisor is to end.
        all_ended: Set when nothing of the cluster is left.
    """

    def __init__(self, cluster: Cluster, reaper: Reaper, *, begin: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        """Open for nobody yet.

        Args:
            cluster: What the users use.
            reaper: Waits for forked processes.
            begin: Lets work go on beside the rest.
        """
        self.cluster = cluster
        self.ended = asyncio.Event()
        self.all_ended = asyncio.Event()
        self._reaper = reaper
        self._begin = begin
        self._users: set[User] = set()
        self._decided = asyncio.Event()
        self._somebody_came = asyncio.Event()
        self._refusal: ClusterError | None = None
        self._handlers = {
            "join": self._join,
            "attach": self._attach,
            "ensure_workers": self._ensure_workers,
            "status": self._status,
            "leave": self._leave,
        }

    async def stay(self, idle_s: float) -> None:
        """Wait until the supervisor is to end.

        Args:
            idle_s: How long to wait for the first user, in seconds.
        """
        asyncio.get_running_loop().call_later(idle_s, self._end_if_idle)
        await self.ended.wait()

    def demands(self) -> list[Demand]:
        """What the users need."""
        return [user.demand for user in self._users]

    def open(self) -> None:
        """Let in those who wait: the cluster can be used."""
        self._decided.set()

    async def refuse(self, error: ClusterError) -> None:
        """Turn away those who wait: the cluster does not start. The first user may still be on its way to be told."""
        self._refusal = error
        self._decided.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._somebody_came.wait(), _FIRST_USER_WITHIN_S)

    def warn(self, message: str) -> None:
        """Tell every user that something is wrong."""
        for user in self._users:
            user.tell({"event": "failed", "message": message})

    async def answer(self, user: User, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a request.

        Raises:
            ClusterError: It cannot be done.
        """
        handler = self._handlers.get(str(request.get("op")))
        if handler is None:
            raise ClusterError(f"unknown request {request.get('op')!r:.60}")
        if handler not in (self._join, self._status) and not user.joined:
            raise ClusterError("join first")
        return await handler(user, request)

    def gone(self, user: User) -> None:
        """Hear that a connection has ended; what was attached to it ends too."""
        if not user.joined or self.ended.is_set():
            return
        for run_id in user.runs:
            self._cancel(run_id)
        _LOG.info("user-gone pid=%d runs=%s", user.pid, sorted(user.runs))
        self._remove(user)

    async def _join(self, user: User, request: Mapping[str, Any]) -> dict[str, Any]:
        config = self.cluster.config
        if request.get("version") != config.version:
            raise ClusterError(
                f"the cluster of {config.state_dir} runs dtf {config.version}, this command is dtf "
                f"{request.get('version')!s:.40}: end the commands that use it, or name another DTF_STATE_DIR"
            )
        user.demand = _demand(request)
        if self.ended.is_set():
            raise ConnectionAbortedError("too late")  # cut off, the command tries again and starts the next cluster
        user.joined = True
        self._users.add(user)
        self._somebody_came.set()
        _LOG.info("user-joined pid=%d", user.pid)
        await self._adjust(user)
        return {
            "broker_url": self.cluster.broker_url,
            "database_url": config.database_url,
            "pid": os.getpid(),
        }

    async def _ensure_workers(self, user: User, request: Mapping[str, Any]) -> dict[str, Any]:
        user.demand = user.demand.with_slots(_count(request), _tag(request))
        await self._adjust(user)
        return {}

    async def _attach(self, user: User, request: Mapping[str, Any]) -> dict[str, Any]:
        run_id = request.get("run_id")
        if not isinstance(run_id, str) or not run_id.isalnum():
            raise ClusterError(f"not a run: {run_id!r:.60}")
        user.runs.add(run_id)
        return {}

    async def _status(self, _user: User, _request: Mapping[str, Any]) -> dict[str, Any]:
        users = [
            {"pid": user.pid, "since": user.since, "runs": sorted(user.runs), "slots": dict(user.demand.slots)}
            for user in self._users
        ]
        return {"users": users, "processes": self.cluster.status(), "version": self.cluster.config.version}

    async def _leave(self, user: User, _request: Mapping[str, Any]) -> dict[str, Any]:
        user.leaving = True
        user.runs.clear()
        self._remove(user)
        if self.ended.is_set():
            await self.all_ended.wait()
        return {"ended": self.ended.is_set()}

    async def _adjust(self, user: User) -> None:
        await self._decided.wait()
        if self._refusal is not None:
            user.leaving = True
            raise self._refusal
        self.cluster.revive()
        self.cluster.staff(self.demands())

    def _remove(self, user: User) -> None:
        user.joined = False
        self._users.discard(user)
        if not self._users:
            self.ended.set()
        elif self._decided.is_set() and self._refusal is None:
            self._staff_fewer()

    def _end_if_idle(self) -> None:
        if not self._users:
            self.ended.set()

    def _staff_fewer(self) -> None:
        try:
            self.cluster.staff(self.demands())
        except ClusterError as error:  # one profile's worker may stand for several plain ones that now start
            self.warn(str(error))

    def _cancel(self, run_id: str) -> None:
        cancel_run = self.cluster.config.cancel_run
        forked = Forked(lambda: cancel_run(run_id, _COMMAND_ENDED), self._reaper)  # now: the end may come first
        self._begin(_log_failure(run_id, forked))


async def _log_failure(run_id: str, forked: Forked) -> None:
    try:
        await forked.wait()
    except ClusterError as error:  # the coordinator notices the silence of the command
        _LOG.warning("cancel-failed run=%s error=%s", run_id, error)


def _demand(request: Mapping[str, Any]) -> Demand:
    profiles = request.get("profiles", [])
    if not isinstance(profiles, list) or len(profiles) > _MOST_PROFILES:
        raise ClusterError(f"profiles must be a list of at most {_MOST_PROFILES}")
    try:
        return Demand(profiles=tuple(from_json(WorkerProfile, item) for item in profiles)).with_slots(
            _count(request), _tag(request)
        )
    except BadInputError as error:
        raise ClusterError(str(error)) from error


def _count(request: Mapping[str, Any]) -> int:
    count = request.get("workers", 0)
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= MOST_WORKERS:
        raise ClusterError(f"the number of workers must be from 0 to {MOST_WORKERS}, not {count!r:.60}")
    return count


def _tag(request: Mapping[str, Any]) -> str:
    tag = request.get("tag", "cpu")
    if tag not in HARDWARE_TAGS:
        raise ClusterError(f"unknown hardware {tag!r:.60}; known: {', '.join(HARDWARE_TAGS)}")
    return str(tag)
