"""Interfaces of the browser that fail: no adapter, errors, nothing there at all."""

from dtf.domain.failure import FailureType
from dtf.execution.injector.injection import Scope, Seen
from dtf.execution.injector.javascript import ADAPTER, MISSING, NULL_ADAPTER, THROWING
from dtf.execution.injector.look import ask
from dtf.execution.injector.mechanisms.patch import close_context, restore
from dtf.execution.injector.subject import Subject

_ASK_S = 10.0


class _Interfaces:
    """What the three have in common: the look."""

    def __init__(self, subject: Subject) -> None:
        self._context = subject.context
        self._page = subject.page

    async def look(self) -> Seen | None:
        """Ask for an adapter."""
        told = await ask(self._page, ADAPTER, within_s=_ASK_S)
        return None if told == "there" else Seen(kind=FailureType.API_ERROR, words=told)


class AdapterMissing(_Interfaces):
    """The document is given no adapter."""

    mechanism = "requestAdapter() gives null in the document"
    scope = Scope.DOCUMENT

    async def apply(self) -> None:
        """Change the document."""
        await ask(self._page, NULL_ADAPTER)

    async def clear(self) -> str:
        """Change it back."""
        return await restore(self._page)


class _InContext(_Interfaces):
    """A script that each document of the context begins with; it cannot be taken away."""

    script = ""

    async def apply(self) -> None:
        """Give it to the context, and run it in the document that is there."""
        await self._context.add_init_script(self.script)
        await ask(self._page, self.script)

    async def clear(self) -> str:
        """Close the context."""
        return await close_context(self._context)


class InterfacesThrow(_InContext):
    """Every request for an adapter or a model context throws."""

    mechanism = "requestAdapter() and createContext() throw in every document of the context"
    scope = Scope.CONTEXT
    script = THROWING


class InterfacesGone(_InContext):
    """There is no WebGPU and no WebNN."""

    mechanism = "navigator has neither gpu nor ml in every document of the context"
    scope = Scope.CONTEXT
    script = MISSING
