"""The loop that finishes what was left unfinished."""

import logging

from dtf.domain.ports.control import Control, Term

log = logging.getLogger(__name__)


class Settler:
    """Finishes jobs and runs whose shards are all finished. Recording a result does so too; this is the net below."""

    name = "settler"
    interval_s = 5.0

    def __init__(self, control: Control) -> None:
        self._control = control

    def tick(self, term: Term) -> None:
        """Finish what is to be finished."""
        settled = self._control.settle(term)
        if settled:
            log.warning("%d jobs or runs were finished that no result had finished", settled)

    def reset(self) -> None:
        """There is nothing to forget."""
