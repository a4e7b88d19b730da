"""Flower's search over tasks, by the words that are shown."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from flower.utils.search import SearchDocument, TaskSearchEngine

from dtf.dashboard.hints.shown import CELERYS, Shown

#: What is kept of Celery's own words beside those that are shown.
_SEPARATOR: Final = " \x00 "


class ShownTask:
    """A task as it is shown: Celery's, with the ledger's words.

    Args:
        task: Celery's.
        words: What is shown of it.
    """

    def __init__(self, task: Any, words: Shown) -> None:  # noqa: ANN401  # Celery has no types
        self._task, self.shown = task, words
        self.name, self.state, self.result = words.name, words.state, words.result

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # Celery has no types
        return getattr(self._task, name)

    @property
    def celery(self) -> Any:  # noqa: ANN401  # Celery has no types
        """Celery's own."""
        return self._task

    def as_dict(self) -> dict[str, Any]:
        """For JSON: Celery's own words stand below ``celery``."""
        own = self._task.as_dict()
        kept = {name: own.get(name) for name in ("name", "state", "result")}
        ours = {"name": self.name, "state": self.state, "result": self.result}
        return {**own, **ours, "celery": kept, **self.shown.facts}


class ShownSearch(TaskSearchEngine):  # type: ignore[misc]  # Flower has no types
    """Finds and orders tasks by what is shown of them. Tasks of others are as they are.

    A task of dtf's is found by Celery's name and state, too: ``state:FAILURE`` finds those whose attempts failed.
    """

    def __init__(self) -> None:
        self._shown: dict[str, Shown] = {}
        self._further: dict[str, tuple[tuple[str, str], ...]] = {}
        super().__init__()

    def shown(self, task_id: str) -> Shown | None:
        """What is shown of a task; None: Celery's own words."""
        return self._shown.get(task_id)

    def show(self, task: Any, words: Shown) -> None:  # noqa: ANN401  # Celery has no types
        """Have a task be shown in other words from now on."""
        self._shown[task.uuid] = words
        if task.uuid in self.documents:
            self._reword(task.uuid, words)
        else:
            self._index(task.uuid, task)

    def view(self, task: Any) -> Any:  # noqa: ANN401  # Celery has no types
        """A task as it is shown."""
        words = self._shown.get(task.uuid)
        return task if words is None else ShownTask(task, words)

    def upsert(self, task: Any) -> None:  # noqa: ANN401  # Celery has no types
        """Take in what changed of a task."""
        self._take_out(task.uuid)
        self._index(task.uuid, task)

    def remove(self, task_id: str) -> None:
        """Forget a task."""
        self._take_out(task_id)
        self._shown.pop(task_id, None)

    def rebuild(self, tasks: Iterable[tuple[str, Any]]) -> None:
        """Build the index anew from the tasks that are left."""
        left = list(tasks)
        kept = {task_id for task_id, _ in left}
        self._shown = {task_id: words for task_id, words in self._shown.items() if task_id in kept}
        self._further.clear()
        super().rebuild(left)

    def search(self, tasks: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401  # Flower has no types
        """Search, and put what was found in order."""
        return super().search(_Views(getattr(tasks, "data", tasks), self), *arguments, **options)

    def _index(self, task_id: str, task: Any) -> None:  # noqa: ANN401  # Celery has no types
        super()._index(task_id, task)
        words = self._shown.get(task_id)
        if words is not None:
            self._reword(task_id, words)

    def _reword(self, task_id: str, words: Shown) -> None:
        """Have the words that are shown in place of those that are indexed; the rest of the document stays."""
        old = self.documents[task_id]
        self._discard(task_id, (*self._further.pop(task_id, ()), ("name", old.name), ("state", old.state)))
        name, celerys = words.name.casefold(), old.name.rpartition(_SEPARATOR)[2]
        state, result = words.state.casefold(), words.result.casefold()
        both = f"{name}{_SEPARATOR}{celerys}"
        text = f"{task_id}\x00{both}\x00{state}\x00{old.worker}\x00{old.args}\x00{old.kwargs}\x00{result}"
        self.documents[task_id] = SearchDocument(
            both, state, old.worker, old.args, old.kwargs, result, text, old.kwargs_pairs
        )
        further = [("name", name)]
        if celerys:
            further.append(("name", celerys))
        if words.state in CELERYS:
            further.append(("state", CELERYS[words.state].casefold()))
        self._further[task_id] = tuple(further)
        for field, value in (("name", both), ("state", state), *further):
            self.exact_postings[field][value].add(task_id)

    def _take_out(self, task_id: str) -> None:
        self._discard(task_id, self._further.pop(task_id, ()))
        super().remove(task_id)

    def _discard(self, task_id: str, postings: Iterable[tuple[str, str]]) -> None:
        for field, value in postings:
            found = self.exact_postings[field].get(value)
            if found is not None:
                found.discard(task_id)
                if not found:
                    del self.exact_postings[field][value]


class _Views(Mapping[str, Any]):
    """Tasks as they are shown, made as they are asked for."""

    def __init__(self, tasks: Mapping[str, Any], search: ShownSearch) -> None:
        self._tasks, self._search = tasks, search

    def __getitem__(self, task_id: str) -> Any:  # noqa: ANN401  # Celery has no types
        return self._search.view(self._tasks[task_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._tasks)

    def __len__(self) -> int:
        return len(self._tasks)
