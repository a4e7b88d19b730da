"""Which failures exist for which target, and how each is done."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dtf.domain.injection import InjectionSpec
from dtf.domain.work import CommandWork, PytestWork
from dtf.execution.injector.injection import Effect
from dtf.execution.injector.mechanisms import effect_of
from dtf.execution.injector.processes.mechanisms import effect_of as job_effect_of
from dtf.execution.injector.processes.subject import COMMAND, PYTEST, JobSubject
from dtf.execution.injector.subject import Subject
from dtf.resilience.injection import FAULTS, Fault
from dtf.resilience.injection_availability import unavailable

if TYPE_CHECKING:
    from collections.abc import Collection

    from dtf.domain.ports.executor import Spawner

#: The targets that are no browsers.
JOBS = (PYTEST, COMMAND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One of the 18 failures for one target.

    Attributes:
        fault: Which.
        mechanism: How it is done, in a few words.
        scope: What it sits in.
        unavailable: Why it does not exist there; empty: it does.
    """

    fault: Fault
    mechanism: str
    scope: str
    unavailable: str


def listed(target: str) -> tuple[Listed, ...]:
    """The 18 failures for a browser, or for ``pytest`` or ``command``."""
    return tuple(_listed(target, fault) for fault in FAULTS)


def _listed(target: str, fault: Fault) -> Listed:
    effect = _effect(target, fault)
    return Listed(
        fault=fault,
        mechanism=effect.mechanism,
        scope=str(effect.scope),
        unavailable=unavailable(target, fault.failure, fault.intensity),
    )


def _effect(target: str, fault: Fault) -> Effect:
    """What would be done; nothing is."""
    nothing = cast("Any", None)
    if target not in JOBS:
        subject = Subject(browser_name=target, browser=nothing, context=nothing, page=nothing)
        return effect_of(subject, fault.failure, fault.intensity)
    job = JobSubject(
        work=PytestWork() if target == PYTEST else CommandWork(argv=()),
        hardware="",
        devices=(),
        python=sys.executable,
        scratch=Path(),
        environment={},
        spawner=cast("Spawner", nothing),
        slot=0,
        pids=_none,
    )
    return job_effect_of(job, InjectionSpec(failure=fault.failure, intensity=fault.intensity, what="module=NAME"))


def _none() -> "Collection[int]":
    return ()
