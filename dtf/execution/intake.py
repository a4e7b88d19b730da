"""What a worker takes from the broker, and when."""

import json
import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from dtf.domain.codec import from_json
from dtf.domain.errors import BadInputError
from dtf.domain.match import table_of
from dtf.domain.worker import WorkerInfo
from dtf.execution.guardian.messages import Announcement
from dtf.scheduling.admission import admitted
from dtf.scheduling.allotment import Allotment

_log = logging.getLogger(__name__)


class TakenTask(Protocol):
    """A task that the worker took and that has not ended, as Celery knows it."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def delivery_info(self) -> Mapping[str, object]:
        """Where it came from."""
        ...


class Intake:
    """Decides from which queues the worker takes its next hint, by what its guardian says and what is under way.

    The worker's loop asks; a thread brings what the guardian says.

    Attributes:
        wanted: The requirement queues that are to be consumed beside the worker's own.
        renewals: How often the guardian has asked for new children.
    """

    def __init__(self, worker: WorkerInfo, run_task: str) -> None:
        """Build an intake.

        Args:
            worker: The worker.
            run_task: The name of the tasks that need slots.
        """
        self.wanted: frozenset[str] = frozenset()
        self.renewals = 0
        self._run_task = run_task
        self._numbers = frozenset(slot.number for slot in table_of(worker))
        self._allotment = Allotment(worker)
        self._holding: dict[str, tuple[int, ...]] = {}
        self._held: tuple[int, ...] = ()
        self._drained = False
        self._under_way: dict[str, str] = {}
        self._lock = threading.Lock()

    def hear(self, line: bytes) -> bool:
        """Take in what the guardian says; whether it says which queues are to be consumed."""
        try:
            said = from_json(Announcement, json.loads(line))
        except (BadInputError, ValueError) as error:
            _log.warning("the guardian said what cannot be read: %s: %.200r", error, line)
            return False
        with self._lock:
            if said.task_id and said.slots:
                self._holding[said.task_id] = said.slots
            else:
                self._holding.pop(said.task_id, None)
            self.renewals += said.new_children
            self._drained |= said.drained
            if said.held is not None:
                self._held = said.held
            if said.held_devices is not None:
                self._allotment.hold_devices(said.held_devices)
            if said.queues is not None:
                self.wanted = frozenset(said.queues)
                self._allotment.know(said.queues)
        return said.queues is not None

    def forget(self) -> None:
        """The guardian ended: nobody has a slot. What it said of queues holds until the next one says more.

        A worker that was drained stays so.
        """
        with self._lock:
            self._holding.clear()
            self._held = ()
            self._allotment.hold_devices(())

    def admit(self, queues: Sequence[str], tasks: Iterable[TakenTask]) -> Sequence[str]:
        """Of the consumed queues those from which a hint may be taken now.

        Args:
            queues: Names of queues; others than tasks' are let through.
            tasks: What the worker took and has not ended.
        """
        now = {task.id: str(task.delivery_info.get("routing_key", "")) for task in tasks if task.name == self._run_task}
        # in the order of taking, which is the guardian's as well
        order = [*(task for task in self._under_way if task in now), *(t for t in now if t not in self._under_way)]
        self._under_way = {task: now[task] for task in order}
        with self._lock:
            return admitted(
                queues,
                self._allotment,
                numbers=self._numbers,
                under_way=self._under_way,
                holding=self._holding,
                held=self._numbers if self._drained else self._held,
            )
