"""What a slot offers to programs that run on it beside their environment."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from dtf.domain.ports.executor import SlotContext

#: Where the slot's warm browser takes connections over the Chrome DevTools Protocol: ``http://127.0.0.1:PORT``.
ENDPOINT = "DTF_DEVICE_ENDPOINT"
#: The browser's name, its program and Playwright's channel for it.
BROWSER, EXECUTABLE, CHANNEL = "DTF_BROWSER", "DTF_BROWSER_EXECUTABLE", "DTF_BROWSER_CHANNEL"
#: ``1`` where the adapter is software.
SOFTWARE = "DTF_DEVICE_SOFTWARE"


@dataclass(slots=True, kw_only=True)
class Offer:
    """What a slot offers to the programs of one attempt.

    Attributes:
        environment: Variables for them.
        proof: Words for the attempt's proof; what the programs did with the offer is added when it ends.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    proof: dict[str, str] = field(default_factory=dict)


@runtime_checkable
class OffersBrowser(Protocol):
    """An executor that lets other kinds of jobs use its browsers."""

    def offered(
        self, job_id: str, context: SlotContext, environment: Mapping[str, str]
    ) -> AbstractAsyncContextManager[Offer]:
        """The browser of a slot, for the programs that run there while the block does.

        Args:
            job_id: The job; shards of one job that follow each other find the same browser.
            context: The attempt's.
            environment: The worker's, in which the browser runs.

        Raises:
            DtfError: No browser comes up; the job is not to blame.
        """
        ...
