"""Gives suites and commands on a browser's slot the browser that is warm there."""

from collections.abc import Mapping
from dataclasses import replace

from dtf.domain.errors import DtfError
from dtf.domain.outcome import Outcome
from dtf.domain.ports.executor import Executor, SlotContext
from dtf.domain.ports.offer import OffersBrowser
from dtf.domain.shard import AttemptResult, ClaimedShard
from dtf.domain.work import JobKind

_KINDS = (JobKind.PYTEST, JobKind.COMMAND)
_TAGS = ("webgpu", "webnn")


async def run_with_browser(
    executor: Executor,
    claim: ClaimedShard,
    context: SlotContext,
    *,
    executors: Mapping[JobKind, Executor],
    environment: Mapping[str, str],
) -> AttemptResult:
    """Run a shard, with the slot's browser offered to it where it runs in one.

    Args:
        executor: Runs it.
        claim: The shard.
        context: What its slot gives; the offer's variables are added.
        executors: Among them the one that has the browsers.
        environment: The worker's, without anything of dtf's: a browser outlives the job.
    """
    browsers = executors.get(JobKind.BROWSER)
    wanted = claim.job.kind in _KINDS and context.hardware in _TAGS
    real = any(not device.simulated and device.kind in _TAGS for device in context.devices)
    if not (wanted and real and isinstance(browsers, OffersBrowser)):
        return await executor.run(claim, context)
    try:
        async with browsers.offered(claim.job_id, context, environment) as offer:
            context.environment = {**context.environment, **offer.environment}
            result = await executor.run(claim, context)
    except DtfError as error:
        return AttemptResult(
            shard_id=claim.shard_id,
            attempt=claim.attempt,
            worker_id=context.worker_id,
            slot=context.slot,
            outcome=Outcome.INFRA,
            reason=f"the slot's browser: {error}",
        )
    return replace(result, proof={**offer.proof, **result.proof})
