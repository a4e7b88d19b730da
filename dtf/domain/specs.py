"""What a user submits: a run of jobs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dtf.domain.source import Source
from dtf.domain.work import CommandWork, JobKind, PytestWork, Work

#: Priorities go from 0 (last) to 10 (first).
LOWEST_PRIORITY, DEFAULT_PRIORITY, HIGHEST_PRIORITY = 0, 5, 10

#: The hardware tags that dtf knows; each is a queue.
HARDWARE_TAGS = ("cpu", "cuda", "rocm", "webgpu", "webnn", "mps", "openvino", "qualcomm")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """One thing to test on one hardware tag.

    Attributes:
        name: What people call it.
        work: What to execute.
        source: Where its files come from.
        hardware: The tag whose queue serves it.
        requirements: What narrows the tag, such as ``vram_gb>=24``; a free word is a tag.
        priority: 0 (last) to 10 (first).
        timeout_s: The limit for a command, or for one test of a suite; seconds. A suite's collection may take as long,
            but 600 s in any case.
        max_retries: How often an infrastructure failure sends a shard out again.
    """

    name: str
    work: Work
    source: Source
    hardware: str = "cpu"
    requirements: tuple[str, ...] = ()
    priority: int = DEFAULT_PRIORITY
    timeout_s: float = 3600.0
    max_retries: int = 3

    @property
    def kind(self) -> JobKind:
        """The kind of its work."""
        return JobKind.PYTEST if isinstance(self.work, PytestWork) else JobKind.COMMAND


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """One submission.

    Attributes:
        jobs: What to run; at least one.
        name: What people call it.
        labels: revision, branch, ci, build, build_url, project and the user's own.
        idempotency_key: A repeat with the same key and content gives the same run; empty: none.
        timeout_s: The limit for the whole run; None: none.
        attached: Whether the run ends when the command that submitted it ends.
    """

    jobs: tuple[JobSpec, ...]
    name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str = ""
    timeout_s: float | None = None
    attached: bool = False


__all__ = [
    "DEFAULT_PRIORITY",
    "HARDWARE_TAGS",
    "HIGHEST_PRIORITY",
    "LOWEST_PRIORITY",
    "CommandWork",
    "JobKind",
    "JobSpec",
    "PytestWork",
    "RunSpec",
    "Work",
]
