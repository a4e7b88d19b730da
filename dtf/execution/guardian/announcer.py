"""The guardian's voice: what its worker's main process is to know."""

import json
import logging
import os
from collections.abc import Iterable, Sequence

from dtf.domain.codec import to_json
from dtf.domain.slot import Slot
from dtf.execution.guardian.messages import Announcement

log = logging.getLogger(__name__)


class Announcer:
    """Says things on standard output, one JSON object a line, to the worker's main process.

    It never waits: a worker that is frozen does not read, and its tests go on nevertheless. What is not heard makes
    the worker's choice among hints worse for a while, and nothing else.
    """

    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        os.set_blocking(descriptor, False)

    def serve(self, queues: Iterable[str]) -> None:
        """Name the open requirement queues that the worker can serve."""
        self._say(Announcement(queues=tuple(sorted(queues))))

    def give(self, task_id: str, slots: Sequence[Slot]) -> None:
        """Say that a task was given these slots, or gave them back: none."""
        self._say(Announcement(task_id=task_id, slots=tuple(slot.number for slot in slots)))

    def hold(self, slots: Iterable[int], devices: Iterable[str]) -> None:
        """Name the slots that nobody is given for now, and the devices, by UUID, on which nothing is to run."""
        self._say(Announcement(held=tuple(sorted(slots)), held_devices=tuple(sorted(devices))))

    def drain(self) -> None:
        """Say that the worker is to take nothing more for as long as it lives."""
        self._say(Announcement(drained=True))

    def ask_for_children(self) -> None:
        """Ask for new Celery children in place of those that are idle."""
        self._say(Announcement(new_children=True))

    def _say(self, announcement: Announcement) -> None:
        line = json.dumps(to_json(announcement)).encode() + b"\n"
        try:
            written = os.write(self._descriptor, line)
        except BlockingIOError:
            written = 0
        except OSError as error:
            log.debug("nobody listens: %s", error)
            return
        if written < len(line):
            log.warning("the worker does not read; an announcement is lost: %s", announcement)
