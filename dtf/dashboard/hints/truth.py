"""Keeps what Flower shows of dtf's tasks in step with the ledger."""

import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, Protocol

from flower.events import EventsState

from dtf.dashboard.hints.hint import NAMES, Hint, hint_of
from dtf.dashboard.hints.search import ShownSearch
from dtf.dashboard.hints.shown import CELERYS, UNKNOWN, Known, Shown, shown
from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.ports.fates import Fates

log = logging.getLogger(__name__)

#: So many tasks are looked up at once.
_MOST_AT_ONCE: Final = 500


class Elsewhere(Protocol):
    """Runs what waits in a thread of its own."""

    def __call__(self, work: Callable[[], Known]) -> Awaitable[Known]:
        """What it returns."""
        ...


class HintState(EventsState):  # type: ignore[misc]  # Flower has no types
    """Flower's memory of tasks and workers, which notes what happens to dtf's tasks.

    It is used in the loop's thread alone, as Flower's is.

    Attributes:
        changed: The ids of dtf's tasks that something happened to since they were looked up.
        delivered: Of each worker how many tasks of dtf's Celery calls succeeded: hints that were taken, whatever came
            of their tests.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  # Celery has no types
        super().__init__(*arguments, **options)
        self.search_engine = ShownSearch()
        self.changed: set[str] = set()
        self.delivered: Counter[str] = Counter()

    def event(self, event: dict[str, Any]) -> None:
        """Take in an event."""
        super().event(event)
        kind = event["type"]
        if not kind.startswith("task-"):
            return
        task = self.tasks.data[event["uuid"]]
        if task.name in NAMES or (task.name is None and kind == "task-succeeded" and hint_of(task) is not None):
            self.changed.add(task.uuid)
            self.delivered[event["hostname"]] += kind == "task-succeeded"


class Truth:
    """Looks up in the ledger what became of dtf's tasks. All calls are made in the loop's thread.

    Args:
        state: Flower's memory.
        fates: The ledger's.
        elsewhere: Runs what waits in a thread of its own.
    """

    def __init__(self, state: HintState, fates: Fates, elsewhere: Elsewhere) -> None:
        self._state, self._fates, self._elsewhere = state, fates, elsewhere
        self._verdicts: dict[str, Counter[str]] = defaultdict(Counter)
        self._is_silent = False

    async def catch_up(self) -> None:
        """Look up those that something happened to; what cannot be had now is tried again at the next call."""
        while self._state.changed:
            some = [self._state.changed.pop() for _ in range(min(_MOST_AT_ONCE, len(self._state.changed)))]
            tasks = [task for task in map(self._state.tasks.data.get, some) if task is not None]
            try:
                await self._look_up(tasks)
            except LedgerUnavailableError as error:
                self._state.changed.update(some)
                if not self._is_silent:
                    log.warning("what became of Celery's tasks is not known: %s", error)
                self._is_silent = True
                return
            self._is_silent = False

    async def views(self, tasks: Sequence[Any]) -> list[Any]:
        """Tasks as they are to be shown now; others than dtf's as they are."""
        search = self._state.search_engine
        unsure = [task for task in tasks if not _is_final(search.shown(task.uuid))]
        try:
            for first in range(0, len(unsure), _MOST_AT_ONCE):
                await self._look_up(unsure[first : first + _MOST_AT_ONCE])
        except LedgerUnavailableError as error:
            for task in unsure:
                if hint_of(task) is not None:
                    words = f"what became of it is not known: {error}"
                    self._show(task, Shown(name=task.name or "", state=UNKNOWN, result=words))
                    self._state.changed.add(task.uuid)
        return [search.view(task) for task in tasks]

    def counts(self, worker: str) -> dict[str, int]:
        """How many tasks of a worker succeeded and failed, as Flower names these; tests that failed are failures."""
        seen, verdicts = self._state.counter.get(worker, Counter()), self._verdicts.get(worker, Counter())
        others = seen["task-succeeded"] - self._state.delivered[worker]
        return {
            "task-succeeded": max(0, others) + verdicts["SUCCESS"],
            "task-failed": seen["task-failed"] + verdicts["FAILURE"],
        }

    async def _look_up(self, tasks: Iterable[Any]) -> None:
        ours = [(task, hint) for task in tasks if (hint := hint_of(task)) is not None]
        if not ours:
            return
        known = await self._elsewhere(lambda: self._ask([hint for _, hint in ours]))
        for task, _ in ours:
            # something may have happened to it meanwhile, and it may have been forgotten
            hint = hint_of(task)
            if hint is not None and task.uuid in self._state.tasks.data:
                self._show(task, shown(hint, task, known))

    def _ask(self, hints: Sequence[Hint]) -> Known:
        shard_ids = frozenset[str]().union(*(hint.shard_ids for hint in hints))
        job_ids = {hint.job_id for hint in hints if hint.job_id}
        return Known(shards=self._fates.shards(shard_ids), jobs=self._fates.jobs(job_ids))

    def _show(self, task: Any, words: Shown) -> None:  # noqa: ANN401  # Celery has no types
        search = self._state.search_engine
        if words.is_final and task.state == "SUCCESS" and not _is_final(search.shown(task.uuid)):
            self._verdicts[getattr(task.worker, "hostname", "")][CELERYS.get(words.state, "")] += 1
        search.show(task, words)


def _is_final(words: Shown | None) -> bool:
    return words is not None and words.is_final
