"""What one task of a task file asks for."""

from dataclasses import dataclass

from dtf.domain.injection import InjectionSpec
from dtf.domain.queue import queue_name
from dtf.domain.specs import DEFAULT_PRIORITY
from dtf.domain.work import Work

#: Where in a document something stands: keys and list indices from the outside in.
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task; a job without its source.

    Attributes:
        name: What people call it.
        work: What to execute.
        cwd: The working directory, absolute or relative to where the submitter is.
        hardware: The hardware tag.
        requirements: What narrows it, in canonical form.
        priority: 0 (last) to 10 (first).
        timeout_s: The limit for a command or one test, in seconds.
        max_retries: How often an infrastructure failure sends a shard out again.
        fallback: Queues that may take it while the breakers of its own hardware are open.
        inject: The failure that it is to meet on purpose; None: none.
    """

    name: str
    work: Work
    cwd: str = "."
    hardware: str = "cpu"
    requirements: tuple[str, ...] = ()
    priority: int = DEFAULT_PRIORITY
    timeout_s: float = 3600.0
    max_retries: int = 3
    fallback: tuple[str, ...] = ()
    inject: InjectionSpec | None = None

    @property
    def queue(self) -> str:
        """Where its job will wait."""
        return queue_name(self.hardware, self.requirements)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong in a document.

    Attributes:
        place: Where it stands.
        message: What is wrong.
    """

    place: Place
    message: str

    def where(self) -> str:
        """The place as people write it: ``config.argv[0]``; empty for the whole document."""
        text = ""
        for step in self.place:
            text += f"[{step}]" if isinstance(step, int) else f".{step[:80] if step else repr(step)}"
        return text.removeprefix(".")
