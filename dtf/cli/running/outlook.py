"""Whether what a run in the embedded cluster waits for can still come."""

from collections.abc import Sequence

from dtf.analysis.cause import Cause
from dtf.analysis.service import absence, unserved
from dtf.domain.clock import Clock
from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.match import consumes
from dtf.domain.ports.views import RunView, Views, WorkerView
from dtf.domain.queue import base_tag
from dtf.domain.shard import JobState, ShardState
from dtf.domain.tasks.models import BROWSER_TAGS

#: After so many seconds without anything that runs, work that nobody can take is given up.
HOPELESS_S = 30.0
#: The same for browsers, which a second worker may still be asking.
HOPELESS_BROWSERS_S = 120.0
#: How often the ledger is asked, in seconds.
_ASK_EVERY_S = 1.0
_MOST_REASONS = 3

#: What no worker that is there will ever change by itself.
_FINAL = (Cause.UNSATISFIED, Cause.NO_DEVICE)


class Outlook:
    """Compares what is left of a run with the workers that are there."""

    def __init__(self, views: Views, clock: Clock) -> None:
        self._views = views
        self._clock = clock
        self._attempts = -1
        self._idle_since = clock.monotonic()
        self._asked_at = self._weighed_at = float("-inf")
        self._starting = ""

    def starting(self, run: RunView) -> str:
        """Which worker that the run waits for has not registered yet, as a part of a sentence; empty: none."""
        now = self._clock.monotonic()
        if now - self._asked_at < _ASK_EVERY_S:
            return self._starting
        self._asked_at = now
        try:
            queues, present = self._waiting(run), self._present()
        except LedgerUnavailableError:
            return self._starting  # the watch tells of the outage
        absent = [queue for queue in queues if not any(consumes(worker.info, queue) for worker in present)]
        self._starting = _starting(list(dict.fromkeys(map(base_tag, absent))))
        return self._starting

    def hopeless(self, run: RunView) -> str:
        """Why nothing of what is left can ever run, once nothing has run for a while; empty: something can."""
        now = self._clock.monotonic()
        if run.outcome is not None or run.shards.get(ShardState.CLAIMED, 0) or run.attempts != self._attempts:
            self._attempts, self._idle_since = run.attempts, now
        if now - self._idle_since < HOPELESS_S or now - self._weighed_at < _ASK_EVERY_S:
            return ""
        self._weighed_at = now
        try:
            queues, present, ledger_now = self._waiting(run), self._present(), self._views.now()
        except LedgerUnavailableError:
            return ""  # the watch tells of the outage
        if any(base_tag(queue) in BROWSER_TAGS for queue in queues) and now - self._idle_since < HOPELESS_BROWSERS_S:
            return ""
        answers = [unserved(queue, present, ledger_now) for queue in queues]
        sentences = [answer.sentence for answer in answers if answer is not None and answer.cause in _FINAL]
        if not queues or len(sentences) < len(queues):
            return ""
        return f"no capacity: {'; '.join(dict.fromkeys(map(_part, sentences[:_MOST_REASONS])))}"

    def _waiting(self, run: RunView) -> list[str]:
        """The queues of all that is left; none where a part of it is not cut into shards yet."""
        queues: dict[str, None] = {}
        for job in self._views.jobs(run.run_id):
            if job.state is JobState.FINISHED:
                continue
            if job.started_at is None:
                queues[job.spec.queue] = None
                continue
            waiting = [s.queue for s in self._views.shards(job.job_id) if s.state is ShardState.QUEUED]
            if not waiting:
                return []
            queues.update(dict.fromkeys(waiting))
        return list(queues)

    def _present(self) -> Sequence[WorkerView]:
        now = self._views.now()
        return [worker for worker in self._views.workers() if absence(worker, now) is None]


def _starting(tags: Sequence[str]) -> str:
    if not tags:
        return ""
    asks = " (it asks the browsers what they have)" if any(tag in BROWSER_TAGS for tag in tags) else ""
    return f"the worker of {', '.join(tags)} is starting{asks}"


def _part(sentence: str) -> str:
    """A sentence as a part of another."""
    text = sentence.rstrip(".")
    return text[:1].lower() + text[1:] if text.startswith("No ") else text
