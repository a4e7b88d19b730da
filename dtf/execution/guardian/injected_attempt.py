"""An attempt that meets a failure on purpose, if the breakers of what it runs on let it."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Protocol

from dtf.breakers.config import BreakerPolicy
from dtf.domain.breaker import BreakerMode, BreakerState, Target
from dtf.domain.errors import BadInputError
from dtf.domain.injection import InjectionSpec
from dtf.domain.ports.executor import SlotContext
from dtf.domain.proof import INJECTION_REFUSED
from dtf.domain.shard import AttemptResult, ClaimedShard
from dtf.domain.work import BrowserWork, PytestWork
from dtf.execution.executors.pytest_session.interpreter import choose_interpreter
from dtf.execution.guardian.services import Services
from dtf.execution.injector.processes import JobInjection, JobSubject
from dtf.resilience.breaker import BreakerRecord
from dtf.resilience.injection import gate
from dtf.resilience.injection_availability import unavailable

log = logging.getLogger(__name__)

Run = Callable[[], Awaitable[AttemptResult]]


class Injected(Protocol):
    """An attempt, as far as its failure is concerned."""

    @property
    def claim(self) -> ClaimedShard:
        """The shard."""
        ...

    @property
    def targets(self) -> tuple[Target, ...]:
        """What can be bad under it."""
        ...


async def run_with_failure(attempt: Injected, context: SlotContext, services: Services, run: Run) -> AttemptResult:
    """Run a shard, under the failure that its job asks for if this is the attempt that is to meet it.

    One that the breakers refuse, or that does not exist here, is told and not injected: the shard runs without it.

    Args:
        attempt: The attempt.
        context: What its slot gives; it is changed so that the failure takes hold.
        services: The guardian's.
        run: Has the executor run the shard with the context.
    """
    spec, claim = attempt.claim.job.inject, attempt.claim
    if spec is None or not claim.injects:
        return await run()
    if reason := await _refusal(spec, attempt.targets, services):
        return await _without(context, spec, f"injection refused: {reason}", run)
    if isinstance(claim.job.work, BrowserWork):
        browser = str(context.devices[0].details.get("browser", "")) if context.devices else ""
        if reason := unavailable(browser, spec.failure, spec.intensity):
            return await _without(context, spec, f"not available for {browser}: {reason}", run)
        context.inject = str(spec)
        return await run()
    injection = JobInjection(spec, subject_of(claim, context, services))
    if reason := await injection.unavailable():
        return await _without(context, spec, f"not available: {reason}", run)
    await injection.enter(context)
    try:
        result = await run()
    finally:
        gone = await injection.leave()
        if not gone:
            await services.spawner.end_slot(context.slot)
    return replace(result, proof={**result.proof, **injection.proof})


def subject_of(claim: ClaimedShard, context: SlotContext, services: Services) -> JobSubject:
    """The job's processes, and what they find around them."""
    return JobSubject(
        work=claim.job.work,
        hardware=context.hardware,
        devices=context.devices,
        python=_python(claim, context),
        scratch=context.scratch,
        environment=context.environment,
        spawner=context.spawner,
        slot=context.slot,
        pids=lambda: services.spawner.pids_of({context.slot}, frozenset(context.pids)),
    )


def _python(claim: ClaimedShard, context: SlotContext) -> str:
    work = claim.job.work
    if not isinstance(work, PytestWork):
        return sys.executable
    try:
        return choose_interpreter(
            work.python,
            workdir=context.workdir,
            source_root=context.source_root,
            environment=context.environment,
        ).path
    except BadInputError:  # the suite cannot run, and says so itself
        return sys.executable


async def _without(context: SlotContext, spec: InjectionSpec, reason: str, run: Run) -> AttemptResult:
    told = f"{spec}: {reason}"
    log.warning("%s", told)
    context.log(f"[dtf: {told}; the job runs without it]\n".encode(errors="replace"))
    result = await run()
    # what a report prints
    notes = "\n".join(filter(None, (result.proof.get("notes", ""), f"{told}; the job ran without it")))
    return replace(result, proof={**result.proof, INJECTION_REFUSED: told, "notes": notes})


async def _refusal(spec: InjectionSpec, targets: tuple[Target, ...], services: Services) -> str:
    """Why a failure is not let through; empty: it is."""
    breakers = services.ward.breakers
    if breakers.config.policy is BreakerPolicy.OFF:
        return ""
    return refusal(spec, targets, await asyncio.to_thread(breakers.states))


def refusal(spec: InjectionSpec, targets: tuple[Target, ...], states: Mapping[Target, BreakerRecord]) -> str:
    """Why the breakers of some targets do not let a failure through; empty: they do.

    Args:
        spec: The failure.
        targets: What it would hit.
        states: The breakers; a target without one has not failed yet.
    """
    for target in targets:
        record = states.get(target)
        state, mode = (record.state, record.mode) if record else (BreakerState.CLOSED, BreakerMode.AUTO)
        permission = gate(state, spec.intensity, mode)
        if not permission.allowed:
            return f"{target}: {permission.reason}"
    return ""
