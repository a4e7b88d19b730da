"""Watches over the tests of all slots of a worker."""

import asyncio
import logging
import os
import random
from collections.abc import Coroutine
from typing import Any

from dtf.breakers.client import Breakers
from dtf.domain.errors import BadInputError, LedgerUnavailableError, UnknownRecordError
from dtf.domain.outcome import Outcome
from dtf.domain.ports.recoveries import Recoveries
from dtf.domain.ports.workers import Workers
from dtf.domain.slot import Slot
from dtf.domain.worker import WorkerState
from dtf.execution.canary import Canary
from dtf.execution.guardian.announcer import Announcer
from dtf.execution.guardian.device_figures import DeviceFigures
from dtf.execution.guardian.heartbeat import Heartbeat
from dtf.execution.guardian.interruption import Cause, Interruption
from dtf.execution.guardian.messages import GuardianStatus, Request, ShardReply
from dtf.execution.guardian.preparation import Preparation
from dtf.execution.guardian.probe import Probe
from dtf.execution.guardian.queue_watch import QueueWatch
from dtf.execution.guardian.refunds import Refunds
from dtf.execution.guardian.server import Server
from dtf.execution.guardian.services import Services
from dtf.execution.guardian.slot_chain import SlotChain
from dtf.execution.guardian.slot_memory import SlotMemory
from dtf.execution.guardian.slot_pool import SlotPool
from dtf.execution.guardian.stand_ins import StandIns
from dtf.execution.guardian.start import put_right
from dtf.execution.guardian.ward import Ward
from dtf.execution.guardian.witness import Witness
from dtf.execution.guardian.worker_watch import watch_worker
from dtf.execution.recovery import Experience, Restorer

log = logging.getLogger(__name__)

_READY = b"ready\n"
_CLEAN_S = 60.0
#: How long the ledger has at the end to take back what is held, in seconds.
_FAREWELL_S = 5.0


class Guardian:
    """Watches over the tests of all slots of a worker.

    Everything happens on one loop in the main thread, which is also the only one that forks: the death signal of a
    child fires when the thread that forked it ends. Only the ledger's calls and slow file work run in other threads.
    """

    def __init__(self, services: Services, workers: Workers, breakers: Breakers, recoveries: Recoveries) -> None:
        self._services = services
        self._workers = workers
        self._slots = SlotPool(services.config.worker)
        self._announcer = Announcer()
        canary = Canary(services.spawner, scratch=services.home.scratch, environment=services.environment)
        self._ward = services.ward = Ward(
            services.config.worker,
            slots=self._slots,
            breakers=breakers,
            canary=canary,
            refunds=Refunds(services.shards, services.database),
            announcer=self._announcer,
        )
        services.witness = Witness(self._ward, stops=lambda: services.draining)
        services.experience = Experience(recoveries, services.database, random.Random())  # noqa: S311  # no secret
        services.restorer = Restorer(
            services.config.worker,
            slots=self._slots,
            executors=lambda: tuple(services.executors.values()),
            ender=services.spawner,
            prober=canary,
            quarantine=self._ward,
            experience=services.experience,
            ask_for_children=self._announcer.ask_for_children,
        )
        self._chains: dict[SlotChain, asyncio.Event] = {}
        self._ward.have_stand_ins(StandIns(services, self._slots, self._run_probe))
        self._preparation = Preparation(services, self._slots)
        self._server = Server(services.config.socket, self._handle)
        self._stop = asyncio.Event()
        self._stop_reason = ""

    async def run(self) -> int:
        """Put things right, take work, and end with the worker; return the exit status."""
        with watch_worker(self._services.config.worker_pid, self._begin_stop):
            try:
                await self._unless_stopped(put_right(self._services, self._workers))
            except LedgerUnavailableError as error:
                log.error("the guardian cannot start: %s", error)  # noqa: TRY400  # written for people: no traceback
                return LedgerUnavailableError.exit_code
            loops: list[asyncio.Task[None]] = []
            try:
                if not self._stop.is_set():
                    await self._server.start()
                    os.write(1, _READY)
                    if self._services.drained:
                        self._drain_for_good()
                    loops += [asyncio.create_task(loop) for loop in self._loops()]
                await self._stop.wait()
                log.info("the guardian stops: %s", self._stop_reason)
                await self._end()
            finally:
                for task in loops:
                    task.cancel()
                await asyncio.gather(*loops, return_exceptions=True)
        return 0

    def _loops(self) -> tuple[Coroutine[Any, Any, None], ...]:
        services, config = self._services, self._services.config
        figures = DeviceFigures(config.worker, services.monitor)
        memory = SlotMemory(services.spawner)
        heartbeat = Heartbeat(
            self._workers,
            services.database,
            config.worker,
            busy_slots=lambda: self._slots.busy,
            devices=lambda: figures.latest,
            slot_memory=lambda: memory.latest,
            quarantine=lambda: self._ward.quarantine,
        )
        watch = QueueWatch(self._workers, services, self._slots, self._announcer)
        return (
            services.leases.keep(),
            self._ward.watch(),
            watch.look_continually(),
            figures.look_continually(config.heartbeat_s),
            memory.look_continually(config.heartbeat_s),
            heartbeat.beat_continually(config.heartbeat_s, self._drain_for_good),
            self._clean_continually(),
        )

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait((task, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if task.done():
            task.result()
        else:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _clean_continually(self) -> None:
        while True:
            try:
                await self._services.sources.clean()
            except OSError:
                log.exception("old sources cannot be removed")
            await asyncio.sleep(_CLEAN_S)

    # requests

    async def _handle(self, request: Request, gone: asyncio.Event) -> object:
        if request.op == "run":
            return await self._run_shard(request, gone)
        if request.op == "prepare":
            self._preparation.begin(request.job_id, request.queue)
        elif request.op == "drain":
            self._drain()
        elif request.op != "status":
            raise BadInputError(f"unknown operation {request.op!r}")
        return self._status()

    async def _run_shard(self, request: Request, gone: asyncio.Event) -> ShardReply:
        if not self._slots.serves(request.queue):
            reason = f"no slot here can take shards of the queue {request.queue}"
            return ShardReply(claimed=False, reason=reason, unserved=True)
        async with self._slots.take(request.queue, gone) as slots:
            if gone.is_set() or self._stop.is_set():
                return ShardReply(claimed=False, reason="nobody waits for it any more")
            if not slots:
                reason = f"the slots for {request.queue} are held, as their devices are in doubt"
                return ShardReply(claimed=False, reason=reason, unserved=True)
            self._announcer.give(request.task_id, slots)
            try:
                return await self._run_chain(SlotChain(slots, request.queue, self._services), request, gone)
            finally:
                self._announcer.give(request.task_id, ())

    async def _run_probe(self, slot: Slot, queue: str, shard_id: str, probe: Probe) -> bool:
        """Run a shard that no hint brought, in a canary's place; whether it passed."""
        chain = SlotChain((slot,), queue, self._services, probe)
        request = Request(op="run", shard_id=shard_id, queue=queue)
        return (await self._run_chain(chain, request, asyncio.Event())).outcome is Outcome.PASSED

    async def _run_chain(self, chain: SlotChain, request: Request, gone: asyncio.Event) -> ShardReply:
        log.debug("task %s brings shard %s to slot %d", request.task_id, request.shard_id, chain.slot)
        ended = self._chains[chain] = asyncio.Event()
        watching = asyncio.create_task(_interrupt_when_gone(chain, gone))
        try:
            return await chain.run(request.shard_id)
        finally:
            watching.cancel()
            del self._chains[chain]
            ended.set()
            if not self._chains:
                await self._services.spawner.kill_strays()

    def _status(self) -> GuardianStatus:
        services = self._services
        return GuardianStatus(
            worker_id=services.worker_id,
            pid=os.getpid(),
            draining=services.draining,
            slots=self._slots.size,
            busy_slots=self._slots.busy,
            shard_ids=tuple(services.leases.shard_ids()),
            spooled=services.recorder.waiting,
        )

    def _drain(self) -> None:
        self._services.draining = True

    def _drain_for_good(self) -> None:
        """Take nothing more for as long as the worker lives; its main process leaves hints to others."""
        self._drain()
        self._services.drained = True
        self._announcer.drain()

    # the end

    def _begin_stop(self, reason: str) -> None:
        self._stop_reason = self._stop_reason or reason
        self._drain()
        self._stop.set()

    async def _end(self) -> None:
        """Kill everything, give back what is held, and say goodbye."""
        services = self._services
        await self._ward.close()
        await self._preparation.close()
        await services.restorer.close()
        interruption = Interruption(cause=Cause.STOPPING, reason=f"the worker stopped: {self._stop_reason}")
        ended = [asyncio.create_task(event.wait()) for event in self._chains.values()]
        for chain in list(self._chains):
            chain.interrupt(interruption)
        if ended:
            await asyncio.wait(ended, timeout=services.config.stop_s)
        for executor in services.executors.values():
            await _try("the executor's end", executor.close())
        await _try("the end of the watch over the GPUs", services.monitor.close())
        await services.spawner.end_everything()
        await services.recorder.close()
        await _try("the farewell to the ledger", self._farewell())
        await self._server.close()

    async def _farewell(self) -> None:
        services = self._services
        await services.database.call(services.shards.release_worker, services.worker_id, self._stop_reason)
        try:
            await services.database.call(self._workers.set_state, services.worker_id, WorkerState.OFFLINE)
        except UnknownRecordError:
            log.info("the guardian ends before it registered the worker")


async def _interrupt_when_gone(chain: SlotChain, gone: asyncio.Event) -> None:
    await gone.wait()
    chain.interrupt(Interruption(cause=Cause.CHILD_GONE, reason="the worker's child was lost"))


async def _try(what: str, work: Coroutine[Any, Any, None]) -> None:
    try:
        await asyncio.wait_for(work, _FAREWELL_S)
    except TimeoutError:
        log.warning("%s is left: it took more than %g s", what, _FAREWELL_S)
    except LedgerUnavailableError as error:
        log.warning("%s is left: %s", what, error)
    except Exception:  # the end goes on
        log.exception("%s failed", what)
