"""A browser that is ready, and why one is not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dtf.domain.errors import DtfError
from dtf.execution.executors.browser_pool.limits import Cause
from dtf.execution.executors.browser_pool.wish import Wish


class BrowserUnavailableError(DtfError):
    """The browser does not come up."""


def difference(was: Wish, wish: Wish) -> Cause | None:
    """Why a browser that was started for one wish does not serve another; None: it does."""
    if wish.choice != was.choice:
        return Cause.OTHER
    if wish.debug_port != was.debug_port:
        return Cause.CONNECTIONS
    return Cause.VARIABLES if wish.environment != was.environment else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A browser that is ready.

    Attributes:
        launched: Whether it was started for this job.
        version: Its version.
        adapter: What a page of it was given when it asked for a WebGPU adapter; fields as in ``Adapter``.
        endpoint: Where other programs connect to it; empty where they cannot.
        instead_of: Why the one before it was ended, when that happened for this job.
    """

    launched: bool
    version: str
    adapter: Mapping[str, Any] = field(default_factory=dict)
    endpoint: str = ""
    instead_of: Cause | None = None
