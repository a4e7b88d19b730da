"""Flower's search over tasks, by the words that are shown."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from flower.utils.search import TaskSearchEngine

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
        super().__init__()

    def shown(self, task_id: str) -> Shown | None:
        """What is shown of a task; None: Celery's own words."""
        return self._shown.get(task_id)

    def show(self, task: Any, words: Shown) -> None:  # noqa: ANN401  # Celery has no types
        """Have a task be shown in other words from now on."""
        self._take_out(task.uuid)
        self._shown[task.uuid] = words
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
        super().rebuild(left)

    def search(self, tasks: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401  # Flower has no types
        """Search, and put what was found in order."""
        return super().search(_Views(getattr(tasks, "data", tasks), self), *arguments, **options)

    def _index(self, task_id: str, task: Any) -> None:  # noqa: ANN401  # Celery has no types
        words = self._shown.get(task_id)
        if words is None:
            super()._index(task_id, task)
            return
        view = ShownTask(task, words)
        view.name = f"{words.name}{_SEPARATOR}{task.name or ''}"
        super()._index(task_id, view)
        for name, value in _also(words, task):
            self.exact_postings[name][value.casefold()].add(task_id)

    def _take_out(self, task_id: str) -> None:
        words, document = self._shown.get(task_id), self.documents.get(task_id)
        super().remove(task_id)
        if words is None or document is None:
            return
        celerys = document.name.rpartition(_SEPARATOR)[2]
        for name, value in (("name", words.name), ("name", celerys), ("state", CELERYS.get(words.state, ""))):
            found = self.exact_postings[name].get(value.casefold())
            if found is not None:
                found.discard(task_id)
                if not found:
                    del self.exact_postings[name][value.casefold()]


def _also(words: Shown, task: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401  # Celery has no types
    yield "name", words.name
    if task.name:
        yield "name", task.name
    if words.state in CELERYS:
        yield "state", CELERYS[words.state]


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
