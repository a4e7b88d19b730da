"""Brings a browser back: tries actions until a probe says that it works, and says why it does."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from dtf.domain.failure import FailureType
from dtf.domain.recovery import Recovery as Remembered
from dtf.domain.recovery import RecoveryAction
from dtf.execution.browser_recovery.action import ACTIONS, replaces
from dtf.execution.browser_recovery.probe import Probe
from dtf.execution.browser_recovery.workplace import Workplace
from dtf.execution.injector.injection import Injection, Scope, Seen
from dtf.execution.injector.look import seen_of
from dtf.resilience.browser_ladder import deeper, sufficient
from dtf.resilience.recovery import Choose, fixed_order

#: How long an action in a browser that is up may take, and how long starting one, in seconds.
_ACT_S, _START_S = 15.0, 60.0


class Because(StrEnum):
    """Why a browser works again."""

    #: The failure was one of a few uses or seconds, and these are over.
    SPENT = "the failure was spent"
    #: What it sat in was replaced; there, it still holds.
    LEFT_BEHIND = "it still holds in what was left behind"
    #: What it sat in was replaced, and is gone.
    REPLACED = "what it sat in is gone"
    #: The failure was taken back, or went without a reason that is known: nothing was recovered.
    DROPPED = "the failure went by itself"
    #: It does not work.
    NOT_RECOVERED = "nothing helped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """An action, and what the probe said then.

    Attributes:
        action: What was done.
        seen: What was still wrong; None: nothing.
        seconds: What the action and the probe took.
    """

    action: RecoveryAction
    seen: Seen | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """How a browser was brought back.

    Attributes:
        noticed: What the probe saw of the failure before anything was done; None: nothing.
        tried: The actions, in their order; the last one helped if one did.
        because: Why it works again.
    """

    noticed: Seen | None
    tried: tuple[Tried, ...]
    because: Because

    @property
    def action(self) -> RecoveryAction | None:
        """What helped; None: nothing did, or nothing was wrong, or the failure went by itself."""
        helped = self.because not in (Because.DROPPED, Because.NOT_RECOVERED) and self.tried
        return self.tried[-1].action if helped else None


class Memory(Protocol):
    """What was measured of recoveries, and chooses by it."""

    def chooser(self, hardware: str) -> Choose:
        """What chooses on a hardware."""
        ...

    def limit_s(self, action: RecoveryAction) -> float:
        """How long an action and its probe may take, in seconds."""
        ...

    async def add(self, recovery: Remembered) -> None:
        """Remember one."""
        ...


async def recover(
    place: Workplace,
    injection: Injection,
    actions: Sequence[RecoveryAction] = ACTIONS,
    memory: Memory | None = None,
) -> Recovery:
    """Do one action after the other until the browser works, while the failure stays as it was injected.

    Each reaches deeper than the one before.

    Args:
        place: The browser.
        injection: What was injected into it. It is not cleared here: a browser that works only as long as nobody
            breaks it has not been recovered.
        actions: What is tried, in this order.
        memory: What chooses where to begin and how to go on, among those that reach as deep as what is seen of the
            failure needs, and is told what came of each; None: all are tried, and nobody is told.
    """
    probe = replace(place.probe, paced=injection.failure is FailureType.RESOURCE_EXHAUSTION)
    noticed = await probe.look(place.subject.page)
    tried: list[Tried] = []
    if noticed is None:
        return Recovery(noticed=None, tried=(), because=Because.DROPPED)
    left = actions if memory is None else sufficient(noticed.kind, actions)
    choose = fixed_order if memory is None else memory.chooser(place.target.hardware)
    while left:
        action = choose(noticed.kind, left, len(tried))
        tried.append(await _try(place, probe, action, memory))
        because = await _because(injection, action) if tried[-1].seen is None else Because.NOT_RECOVERED
        if memory is not None and because is not Because.DROPPED:
            await memory.add(_remembered(place, noticed, tried))
        if tried[-1].seen is None:
            return Recovery(noticed=noticed, tried=tuple(tried), because=because)
        left = deeper(action, left)
    return Recovery(noticed=noticed, tried=tuple(tried), because=Because.NOT_RECOVERED)


def _remembered(place: Workplace, noticed: Seen, tried: Sequence[Tried]) -> Remembered:
    last = tried[-1]
    return Remembered(
        target=place.target,
        failure=noticed.kind,
        action=last.action,
        succeeded=last.seen is None,
        time_s=last.seconds,
        resource_s=last.seconds,
        attempt=len(tried),
        reason=last.seen.words if last.seen else "a probe passed",
    )


async def _try(place: Workplace, probe: Probe, action: RecoveryAction, memory: Memory | None) -> Tried:
    clock = asyncio.get_running_loop().time
    began = clock()
    starts = action in (RecoveryAction.RESTART_BROWSER, RecoveryAction.RESTART_DRIVER)
    limit_s = _START_S if starts else _ACT_S
    if memory is not None:
        limit_s = min(limit_s, memory.limit_s(action))
    try:
        await asyncio.wait_for(place.act(action), limit_s)
        seen = await probe.look(place.subject.page)
    except Exception as error:  # noqa: BLE001  # whatever a broken browser raises is a finding
        seen = seen_of(error, limit_s)
    return Tried(action=action, seen=seen, seconds=clock() - began)


async def _because(injection: Injection, action: RecoveryAction) -> Because:
    scope = injection.effect.scope
    if injection.cleared:
        return Because.DROPPED
    if scope is Scope.USE:
        return Because.SPENT
    if not replaces(action, scope):
        return Because.DROPPED
    try:
        held = await injection.holds()
    except Exception:  # noqa: BLE001  # what cannot even be looked at is gone
        held = None
    return Because.LEFT_BEHIND if held else Because.REPLACED
