"""``POST /api/v1/runs``: what a task file has, as JSON, becomes a run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tornado.web import HTTPError

from dtf.bootstrap.monitoring import Laboratory
from dtf.dashboard.rest.action import Action
from dtf.dashboard.rest.resources import Records
from dtf.domain.errors import BadInputError
from dtf.domain.ports.submissions import Submitted
from dtf.domain.source import Source
from dtf.domain.tasks.document import read_tasks
from dtf.domain.tasks.task import Problem, Task
from dtf.settings import Mode, process_environment
from dtf.submission.sources import bundled, in_place
from dtf.submission.taskfile.json_text import parse_json
from dtf.submission.tasks import build_run, place_tasks

#: The most bytes of tasks.
MOST_TASK_BYTES: Final = 5 * 2**20
_LONGEST_KEY: Final = 200
#: What proxies add to what they pass on.
_PROXIES: Final = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")
#: How many problems one answer tells.
_MOST_PROBLEMS: Final = 50


class Runs(Records, Action):
    """A page of runs; and a new run."""

    most_bytes = MOST_TASK_BYTES

    async def post(self, resource: str) -> None:
        """The run of these tasks: 201 and where it is; 200 if it was submitted before with this ``Idempotency-Key``.

        Tasks name directories of this machine, so only who is on it may submit.
        """
        is_passed_on = any(name in self.request.headers for name in _PROXIES)
        if is_passed_on or not self.application.dashboard_options.is_loopback:
            raise HTTPError(
                403,
                "tasks name files of this machine: only a dashboard that listens on loopback, and has no other names, "
                "takes them, and from no proxy",
            )
        key, text = self._key(), self._text()
        submitted = await self.in_thread(lambda: submit(self.laboratory, text, key))
        self.set_header("Location", f"{self.application.dashboard_options.prefix}/api/v1/{resource}/{submitted.run_id}")
        told = {"run_id": submitted.run_id, "job_ids": submitted.job_ids, "created": submitted.created}
        running = await self.in_thread(self.laboratory.broker) is not None
        self.answer({**told, "running": running}, 201 if submitted.created else 200)

    def _key(self) -> str:
        key = self.request.headers.get("Idempotency-Key", "")
        if len(key) > _LONGEST_KEY or not key.isprintable():
            raise BadInputError(f"Idempotency-Key must be at most {_LONGEST_KEY} printable characters")
        return key

    def _text(self) -> str:
        try:
            return self.request.body.decode()
        except UnicodeDecodeError as error:
            raise BadInputError(f"the tasks are not UTF-8 at byte {error.start}") from None


def submit(laboratory: Laboratory, text: str, key: str) -> Submitted:
    """Make a run of tasks.

    Args:
        laboratory: Where it is to run. In the embedded cluster the files are used where they are; in another one they
            travel, as with ``dtf submit``.
        text: A task, or a list of them, as JSON; each with the absolute path of its directory.
        key: A repeat with this key submits nothing new; empty: none.

    Raises:
        BadInputError: They cannot be used; the message tells every place and reason.
        IdempotencyConflictError: The key was used for other tasks.
        LedgerUnavailableError: Nothing was written.
    """
    settings, ledger, environ = laboratory.settings, laboratory.ledger, process_environment()
    tasks, problems = read_tasks(parse_json(text).document)
    if not problems:
        problems = _without_place(tasks)
    if problems:
        raise BadInputError(_told(problems))
    embedded = settings.mode is Mode.EMBEDDED

    def source(root: Path, subdirectory: str) -> Source:
        if embedded:
            return in_place(root, subdirectory)
        return bundled(root, subdirectory, ledger.blobs, settings.bundle_cap_bytes)

    placed = place_tasks(tasks, Path("/"), environ=environ, in_place=embedded, tell=_told)
    spec = build_run(placed, source=source, name="", environ=environ, own_labels={}, idempotency_key=key)
    return ledger.submissions.submit(spec)


def _without_place(tasks: Sequence[Task]) -> list[Problem]:
    """The tasks of which nobody knows where their files are."""
    message = "must be the absolute path of a directory: over HTTP there is no current one"
    return [
        Problem(place=(number, "config", "cwd"), message=message)
        for number, task in enumerate(tasks)
        if not task.cwd.startswith("/")
    ]


def _told(problems: Sequence[Problem]) -> str:
    lines = [": ".join(filter(None, (problem.where(), problem.message))) for problem in problems[:_MOST_PROBLEMS]]
    more = len(problems) - _MOST_PROBLEMS
    return "\n".join(("the tasks cannot be used:", *lines, *([f"and {more} more"] if more > 0 else [])))
