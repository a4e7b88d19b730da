"""One run: one arm, one schedule, real browsers."""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from dtf.benchmarks.browsers.arms.protocol import Arm, Ticket
from dtf.benchmarks.browsers.queue import JobState, WaitingQueue
from dtf.benchmarks.browsers.records import NONE, BlockedRecord, RunRecord, UseRecord
from dtf.benchmarks.browsers.schedule import Schedule
from dtf.benchmarks.browsers.station import Station
from dtf.benchmarks.browsers.works import CANARY
from dtf.domain.breaker import Sign
from dtf.domain.errors import DtfError
from dtf.domain.outcome import Outcome

#: How long a job and a canary may take, in seconds; some ten times what they take on a healthy browser.
JOB_LIMIT_S, CANARY_LIMIT_S = 5.0, 6.0
#: Before the clock of a run starts, the first use of a cold browser may take so long, in seconds.
_FIRST_LIMIT_S = 30.0
_TICK_S = 0.05
_METER_S = 0.4


class BrowserUnfitError(DtfError):
    """A browser does not pass the benchmark's canary before anything was injected."""

    exit_code = 10


class Run:
    """One run: one arm, one schedule, real browsers.

    Args:
        schedule: What happens.
        arm: What decides.
        stations: The browsers, in the order of the plan.
    """

    def __init__(self, schedule: Schedule, arm: Arm, stations: Sequence[Station]) -> None:
        self._schedule = schedule
        self._arm = arm
        self._stations = tuple(stations)
        self._queue = WaitingQueue(schedule.jobs)
        self._busy: set[str] = set()
        self._free_since: dict[str, float] = {station.name: 0.0 for station in stations}
        self._tasks: set[asyncio.Task[None]] = set()
        self._uses: list[UseRecord] = []
        self._blocked: defaultdict[tuple[str, int], float] = defaultdict(float)
        self._changed = asyncio.Event()
        self._began = 0.0

    async def record(self, name: str, key: str) -> RunRecord:
        """Carry it out.

        Args:
            name: The arm's.
            key: What the run is made from.

        Raises:
            BrowserUnfitError: A browser is no good even without faults.
        """
        before = os.getloadavg()[0]
        versions = dict(await asyncio.gather(*map(_warm_up, self._stations)))
        began_at, self._began = time.time(), time.monotonic()
        meters = asyncio.create_task(self._read_meters())
        try:
            await self._go()
            lasted_s = self._now()
            # what is still under way at the horizon belongs to unfinished jobs
            await asyncio.gather(*self._tasks)
        finally:
            meters.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(meters, *self._tasks, return_exceptions=True)
        return RunRecord(
            arm=name,
            key=key,
            schedule=self._schedule,
            began_at=began_at,
            lasted_s=lasted_s,
            load=(before, os.getloadavg()[0]),
            versions=versions,
            uses=tuple(self._uses),
            jobs=self._queue.records(lasted_s),
            moves=tuple(replace(move, at_s=round(move.at_s, 3)) for move in self._arm.journal.moves),
            blocked=tuple(
                BlockedRecord(browser=browser, after_episode=episode, seconds=round(seconds, 3))
                for (browser, episode), seconds in self._blocked.items()
            ),
            kept=self._arm.kept(),
        )

    def _now(self) -> float:
        return time.monotonic() - self._began

    async def _go(self) -> None:
        last = self._now()
        while (now := self._now()) < self._schedule.horizon_s and not self._queue.is_done:
            self._arm.learn(now)
            self._start_canaries()
            refused = self._start_jobs()
            self._note_blocked(refused, now, now - last)
            last = now
            self._changed.clear()
            with suppress(TimeoutError):  # it is time to look again
                await asyncio.wait_for(self._changed.wait(), _TICK_S)
            self._raise_errors()

    def _raise_errors(self) -> None:
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.discard(task)
            task.result()

    def _start_canaries(self) -> None:
        for station in self._stations:
            if station.name in self._busy or not (ticket := self._arm.canary(station.name, self._now())):
                continue
            if state := self._stand_in(station):
                self._queue.start(state, self._now())
                self._begin(station, self._run_stand_in(station, state, ticket))
            else:
                self._begin(station, self._run_canary(station, ticket))

    def _stand_in(self, station: Station) -> JobState | None:
        """The job that has waited longest of those for this browser alone that the arm takes as the probe."""
        waiting = (state for state in self._queue.ready(self._now()) if state.job.pinned == station.name)
        return next((state for state in waiting if self._arm.stands_in(station.name, state.job)), None)

    def _start_jobs(self) -> set[str]:
        """Start what may start, the oldest first; returns the idle browsers that were refused to some."""
        refused: set[str] = set()
        for state in list(self._queue.ready(self._now())):
            for station in self._candidates(state):
                ticket = self._arm.ask(station.name, self._now(), state.job, last=state.last)
                if ticket is not None:
                    self._queue.start(state, self._now())
                    self._begin(station, self._run_job(station, state, ticket))
                    break
                refused.add(station.name)
        return refused - self._busy

    def _candidates(self, state: JobState) -> list[Station]:
        """The idle browsers where a job may run: those in least doubt first, of these the one idle for longest."""
        idle = [one for one in self._stations if one.name not in self._busy and state.job.pinned in ("", one.name)]
        return sorted(idle, key=lambda one: (self._arm.doubt(one.name), self._free_since[one.name]))

    def _note_blocked(self, refused: set[str], now: float, seconds: float) -> None:
        for browser in refused:
            if self._schedule.episode_at(browser, now) is None:
                latest = self._schedule.latest_of(browser, now)
                self._blocked[browser, latest.number if latest else NONE] += seconds

    def _begin(self, station: Station, work: Coroutine[Any, Any, None]) -> None:
        self._busy.add(station.name)
        self._tasks.add(asyncio.create_task(work))

    async def _run_job(self, station: Station, state: JobState, ticket: Ticket) -> None:
        job = state.job
        use = await self._use(station, job.work, job.number, job.seed, JOB_LIMIT_S)
        refunds = self._arm.ended(ticket, self._now(), job, use.sign, use.seconds)
        self._queue.end(state, self._now(), use.outcome, refunds)

    async def _run_stand_in(self, station: Station, state: JobState, ticket: Ticket) -> None:
        """A job in a canary's place: it passes, or nothing counts, as in dtf."""
        job = state.job
        use = await self._use(station, job.work, job.number, job.seed, JOB_LIMIT_S, probe=True)
        passed = use.outcome is Outcome.PASSED
        refunds = self._arm.stand_in_ended(ticket, self._now(), job, use.seconds, passed=passed)
        if passed:
            self._queue.end(state, self._now(), use.outcome, refunds)
        else:
            self._queue.put_back(state, self._now())

    async def _run_canary(self, station: Station, ticket: Ticket) -> None:
        use = await self._use(station, CANARY, NONE, 1, CANARY_LIMIT_S)
        refunds = self._arm.canary_ended(ticket, self._now(), use.seconds, passed=use.sign is Sign.WORKED)
        self._queue.give_back(refunds)

    async def _use(
        self, station: Station, work: str, job: int, seed: int, limit_s: float, *, probe: bool = False
    ) -> UseRecord:
        began_s = self._now()
        episode = self._schedule.episode_at(station.name, began_s)
        fault = f"{episode.failure} {episode.intensity}" if episode else ""
        done = await station.do(work, seed=seed, limit_s=limit_s, fault=fault)
        ended_s = self._now()
        use = UseRecord(
            browser=station.name,
            job=job,
            began_s=round(began_s, 3),
            ended_s=round(ended_s, 3),
            episode=episode.number if episode else NONE,
            confirmed=done.confirmed,
            sign=done.sign,
            outcome=done.outcome,
            reason=done.reason,
            seconds=round(done.seconds, 3),
            cpu_s=round(done.cpu_s, 2),
            injector_s=round(done.injector_s, 3),
            started=done.started,
            probe=probe,
        )
        self._uses.append(use)
        self._busy.discard(station.name)
        self._free_since[station.name] = ended_s
        self._changed.set()
        return use

    async def _read_meters(self) -> None:
        """Read the meters often, as what ended keeps the time that it had when it was seen last."""
        while True:
            await asyncio.sleep(_METER_S)
            for station in self._stations:
                await station.measure()


async def _warm_up(station: Station) -> tuple[str, str]:
    """Have a browser up before the clock starts; returns its name and version."""
    for _ in range(2):
        done = await station.do(CANARY, seed=0, limit_s=_FIRST_LIMIT_S)
        if done.outcome is Outcome.PASSED:
            return station.name, station.version
    raise BrowserUnfitError(
        f"{station.name} does not pass the benchmark's canary before anything was injected ({done.reason}): leave it "
        "out with --browsers, or see what `dtf worker --detect-only` says of it"
    )
