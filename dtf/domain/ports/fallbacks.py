"""Where work goes while the breakers of its own hardware are open."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from dtf.domain.ports.control import Term
from dtf.domain.worker import WorkerInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranded:
    """What of a job waits in a queue, and may go elsewhere.

    Attributes:
        job_id: The job.
        run_id: Its run.
        queue: Where its shards wait.
        home: The queue that they belong to; the same where they are there.
        job_queue: The queue that the job itself asks for: the home may narrow it further.
        fallback: The queues that it may fall back on, the first choice ahead.
    """

    job_id: str
    run_id: str
    queue: str
    home: str
    job_queue: str
    fallback: tuple[str, ...]


class Fallbacks(Protocol):
    """Moves waiting shards between queues. Each writing method raises ``TermOverError`` when the term is over."""

    def open_queues(self) -> Sequence[str]:
        """The queues in which shards wait."""
        ...

    def live_workers(self) -> Sequence[WorkerInfo]:
        """The workers that take work."""
        ...

    def stranded(self, queue: str, after: Stranded | None = None) -> Sequence[Stranded]:
        """Some of what waits in a queue, is due, and may go elsewhere.

        Args:
            queue: The queue.
            after: The last one of those before: what follows it comes first, and it last.
        """
        ...

    def failed_over(self) -> Collection[str]:
        """The queues in which shards wait for which recovery has come to its last level: they need not wait there."""
        ...

    def move(self, term: Term, what: Stranded, queue: str, reason: str) -> int:
        """Let it wait in another queue, and tell it; return how many shards there were. What is claimed stays."""
        ...

    def homes(self) -> Sequence[str]:
        """The queues to which shards belong that wait elsewhere."""
        ...

    def bring_home(self, term: Term, home: str, reason: str) -> int:
        """Let what is not claimed yet wait where it belongs, and tell it; return how many shards there were."""
        ...
