"""What plugins can add. A signature and one sentence each."""

from collections.abc import Sequence

import pluggy

from dtf.domain.events import Event
from dtf.domain.ports.executor import Executor

PROJECT = "dtf"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def dtf_executors() -> Sequence[Executor]:  # type: ignore[empty-body]  # pluggy calls the implementations
    """Give executors, one for each kind of job; a later plugin replaces an earlier one of the same kind."""


@hookspec
def dtf_event(event: Event) -> None:
    """Hear a domain event; it comes at least once, in order."""
