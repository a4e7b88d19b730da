"""An executor for suites that follows on as the real one does, with the node ids saying what happens."""

import asyncio

from dtf.domain.case import CaseResult
from dtf.domain.manifest import Manifest, ManifestItem
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.ports.executor import SlotContext
from dtf.domain.shard import AttemptResult, ClaimedShard, ShardKind
from dtf.domain.specs import JobSpec
from dtf.domain.work import JobKind


class ChainExecutor:
    """Passes every case but those with certain words in their ids.

    ``fail`` fails, ``raise`` raises after the first case, ``hang`` waits, ``deaf`` never hears a cancel.
    """

    kind = JobKind.PYTEST

    async def run(self, shard: ClaimedShard, context: SlotContext) -> AttemptResult:
        """Report one case after the other, claim what follows before the last one."""
        context.log(f"{shard.shard_id} on slot {context.slot}\n".encode())
        cases = []
        for place, (ordinal, item) in enumerate(shard.items):
            if place == len(shard.items) - 1:
                await context.follow_on()
            verdict = CaseOutcome.FAILED if "fail" in item.nodeid else CaseOutcome.PASSED
            case = CaseResult(ordinal=ordinal, nodeid=item.nodeid, outcome=verdict)
            context.report(case)
            cases.append(case)
            if "raise" in item.nodeid:
                raise RuntimeError("the executor is broken")
            while "deaf" in item.nodeid:
                try:
                    await asyncio.sleep(600)
                except asyncio.CancelledError:
                    context.log(b"not listening")
            if "hang" in item.nodeid:
                await context.cancelled.wait()
                break
        manifest = None
        if shard.kind is ShardKind.COLLECT:
            paths = getattr(shard.job.work, "paths", ())
            manifest = Manifest(items=tuple(ManifestItem(nodeid=f"m.py::{name}", module="m.py") for name in paths))
        known = context.failures() if context.failures else 0
        ends = await context.job_ends() if context.job_ends else False
        context.log(f"{known} failures, ends: {ends}\n".encode())
        return AttemptResult(
            shard_id=shard.shard_id,
            attempt=shard.attempt,
            worker_id=context.worker_id,
            slot=context.slot,
            outcome=Outcome.CANCELLED if context.cancelled.is_set() else Outcome.PASSED,
            cases=tuple(cases),
            manifest=manifest,
        )

    async def prepare(self, job_id: str, job: JobSpec, context: SlotContext) -> None:
        """Leave a file that says so."""
        place = context.source_root / f"prepared-{job_id}"
        await asyncio.to_thread(place.write_text, job.name)

    async def end_slot(self, slot: int) -> None:
        """Nothing runs outside."""

    async def close(self) -> None:
        """Nothing runs outside."""


class ModelExecutor(ChainExecutor):
    """Goes on with the next job of the same model; a job that is called ``hang`` waits for its end."""

    kind = JobKind.BENCHMARK

    async def run(self, shard: ClaimedShard, context: SlotContext) -> AttemptResult:
        """Claim what follows, and pass."""
        following = await context.follow_on()
        context.log(f"{shard.job.name}, then {following.job.name if following else 'nothing'}\n".encode())
        if shard.job.name == "hang":
            await context.cancelled.wait()
        return AttemptResult(
            shard_id=shard.shard_id,
            attempt=shard.attempt,
            worker_id=context.worker_id,
            slot=context.slot,
            outcome=Outcome.CANCELLED if context.cancelled.is_set() else Outcome.PASSED,
            proof={"device": "as the executor saw it"},
        )
