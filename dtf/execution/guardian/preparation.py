"""Warms suites up before they have work."""

import asyncio
import logging
import tempfile
from pathlib import Path

from dtf.domain.case import CaseResult
from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.match import devices_of
from dtf.domain.ports.executor import SlotContext
from dtf.domain.queue import base_tag
from dtf.domain.shard import ClaimedShard
from dtf.domain.slot import Slot
from dtf.domain.specs import DECLARED_TAGS, JobSpec
from dtf.execution.files import remove_tree
from dtf.execution.guardian.device_environment import device_environment
from dtf.execution.guardian.services import Services
from dtf.execution.guardian.slot_pool import SlotPool
from dtf.scheduling.slots import BROWSER_TAGS

log = logging.getLogger(__name__)

#: Tags whose slots all have the same devices.
_SHARED = frozenset(("cpu", *BROWSER_TAGS, *DECLARED_TAGS))


class Preparation:
    """Warms suites up in the background, each job once. What goes wrong is found again by the run, and told there.

    Nothing is warmed up for a GPU: what a suite loads may take hold of it, and it may be another job's by then.
    """

    def __init__(self, services: Services, slots: SlotPool) -> None:
        self._services = services
        self._slots = slots
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._seen: set[str] = set()

    def begin(self, job_id: str, queue: str) -> None:
        """Begin to warm a job up whose shards will come from a queue, unless that has been done."""
        slots = self._slots.slots_of(queue)
        if job_id in self._seen or self._services.draining or not slots or base_tag(queue) not in _SHARED:
            return
        self._seen.add(job_id)
        task = asyncio.create_task(self._prepare(job_id, queue, slots[0]))
        self._tasks[job_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(job_id, None))

    async def close(self) -> None:
        """End what is under way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _prepare(self, job_id: str, queue: str, slot: Slot) -> None:
        services = self._services
        try:
            job = await services.database.call(services.shards.job, job_id)
            executor = services.executors.get(job.kind) if job else None
            if job is None or executor is None:
                return
            async with services.sources.use(job.source) as (root, workdir):
                context = await asyncio.to_thread(self._context, job, job_id, root, workdir)
                self._place(context, queue, slot)
                try:
                    await executor.prepare(job_id, job, context)
                finally:
                    await asyncio.to_thread(remove_tree, context.scratch)
        except LedgerUnavailableError as error:
            log.warning("job %s is not warmed up: %s", job_id, error)
        except Exception:
            log.exception("job %s could not be warmed up", job_id)

    def _place(self, context: SlotContext, queue: str, slot: Slot) -> None:
        """Say on what it will run: every slot of such a queue has the same."""
        worker = self._services.config.worker
        context.hardware = base_tag(queue)
        context.devices = devices_of(worker, (slot,), queue) or ()
        named = device_environment(context.hardware, context.devices, worker.devices)
        context.environment = {**context.environment, **named}

    def _context(self, job: JobSpec, job_id: str, root: Path, workdir: Path) -> SlotContext:
        services = self._services
        scratch = Path(tempfile.mkdtemp(prefix="prepare-", dir=services.home.scratch))
        environment = {**services.environment, **job.work.environment, "DTF_JOB_ID": job_id}
        return SlotContext(
            worker_id=services.worker_id,
            slot=0,
            slots=services.config.worker.slots,
            workdir=workdir,
            source_root=root,
            scratch=scratch,
            artifacts=scratch,
            environment=environment,
            spawner=services.spawner,
            log=_drop_output,
            report=_drop_case,
            follow_on=_nothing,
            output_cap=services.config.output_cap,
        )


def _drop_output(data: bytes) -> None:
    """No attempt, no log."""
    log.debug("while warming up: %r", data[:200])


def _drop_case(case: CaseResult) -> None:
    log.error("a case was reported while warming up: %s", case.nodeid)


async def _nothing() -> ClaimedShard | None:
    return None
