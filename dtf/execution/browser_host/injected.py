"""A check that meets a failure which is injected first."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from dtf.domain.injection import read_injection
from dtf.domain.outcome import Outcome
from dtf.domain.proof import INJECTED, INJECTED_CLEARED, INJECTED_SEEN
from dtf.execution.browser_host.limits import LOOK_S
from dtf.execution.browser_host.stage import Stage
from dtf.execution.host.messages import Order, Report
from dtf.execution.injector import Subject, inject
from dtf.execution.injector.injection import Injection, InjectorError

_ARGUMENT = "inject"
_NOT_SEEN = "it was applied and not seen"
_LEFT = "no: the browser is to be replaced"

Check = Callable[[Stage, Order], Coroutine[Any, Any, Report]]


class InjectedCheck:
    """A check that meets a failure: injected and confirmed before it, taken back after it.

    Attributes:
        proof: What the attempt says about it, whatever becomes of the check: its result is not one of the code's.
    """

    def __init__(self, check: Check, browser_name: str, text: str) -> None:
        self._check = check
        self._browser_name = browser_name
        self._spec = read_injection(text)
        self.proof = {INJECTED: str(self._spec)}

    async def __call__(self, stage: Stage, order: Order) -> Report:
        """Do the check under the failure; a failure that could not be injected is the infrastructure's."""
        injecting = asyncio.create_task(self._inject(stage))
        try:
            # the end of the driver, which may be what is injected, calls this off, and must not call that off
            injection = await asyncio.shield(injecting)
            return await self._check(stage, order) if injection.confirmed else self._refused(order, _NOT_SEEN)
        except InjectorError as error:
            return self._refused(order, str(error))
        finally:
            await self._end(injecting)

    async def _end(self, injecting: asyncio.Task[Injection]) -> None:
        """Take it back; one that is called off while it is injected is seen soon, or taken back unseen."""
        await asyncio.wait((injecting,), timeout=LOOK_S)
        if not injecting.done():
            injecting.cancel()
            await asyncio.wait((injecting,))
        if injecting.cancelled():
            self.proof[INJECTED_CLEARED] = _LEFT
            return
        try:
            injection = await injecting
        except InjectorError:
            return  # it was told, and what there was of it was cleared
        if injection.seen is not None:
            self.proof[INJECTED_SEEN] = f"{injection.seen.kind}: {injection.seen.words}"
        await injection.clear()
        self.proof[INJECTED_CLEARED] = injection.cleared or _LEFT

    async def _inject(self, stage: Stage) -> Injection:
        browser = stage.context.browser
        if browser is None:
            raise InjectorError("the context has no browser of its own")
        subject = Subject(browser_name=self._browser_name, browser=browser, context=stage.context, page=stage.page)
        return await inject(subject, self._spec.failure, self._spec.intensity)

    def _refused(self, order: Order, reason: str) -> Report:
        told = f"{self.proof[INJECTED]} could not be injected: {reason}"
        return Report(number=order.number, outcome=Outcome.INFRA, reason=told, healthy=False)

    @property
    def cleared(self) -> bool:
        """Whether nothing of it is left in the browser."""
        return self.proof.get(INJECTED_CLEARED) != _LEFT


def wanted(order: Order) -> str:
    """The failure that an order asks for, as ``gpu_error severe``; empty: none."""
    return str(order.arguments.get(_ARGUMENT, ""))
