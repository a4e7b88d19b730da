"""What a user submits: a run of jobs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dtf.domain.injection import InjectionSpec
from dtf.domain.queue import queue_name
from dtf.domain.source import Source
from dtf.domain.work import KINDS, BenchmarkWork, BrowserWork, CommandWork, JobKind, PytestWork, Work

#: Priorities go from 0 (last) to 10 (first).
LOWEST_PRIORITY, DEFAULT_PRIORITY, HIGHEST_PRIORITY = 0, 5, 10

#: The hardware tags that dtf knows; each is a queue.
HARDWARE_TAGS = ("cpu", "cuda", "rocm", "gpu", "webgpu", "webnn", "mps", "openvino", "qualcomm")

#: What ``gpu`` means: either of them.
GPU_TAGS = ("cuda", "rocm")

#: Tags that a worker only declares (``dtf worker --tags openvino``): its CPU slots then take their shards.
DECLARED_TAGS = ("mps", "openvino", "qualcomm")


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
        fallback: Queues that may take it while the breakers of its own hardware are open, the first choice ahead; what
            narrows the job's own tag does not narrow them. Their results are degraded.
        inject: The failure that it is to meet on purpose, once, where the breakers let it; None: none.
    """

    name: str
    work: Work
    source: Source
    hardware: str = "cpu"
    requirements: tuple[str, ...] = ()
    priority: int = DEFAULT_PRIORITY
    timeout_s: float = 3600.0
    max_retries: int = 3
    fallback: tuple[str, ...] = ()
    inject: InjectionSpec | None = None

    @property
    def kind(self) -> JobKind:
        """The kind of its work."""
        return KINDS[type(self.work)]

    @property
    def queue(self) -> str:
        """Where its shards wait."""
        return queue_name(self.hardware, self.requirements)

    @property
    def affinity(self) -> str:
        """What its one shard belongs to, so that a slot goes on with the next of the same; empty: nothing."""
        work = self.work
        if not isinstance(work, BenchmarkWork) or not work.model_grouping or work.batch_size_limit <= 1:
            return ""
        return f"model {work.model} {work.runtime} seed {work.seed}"


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
    "DECLARED_TAGS",
    "DEFAULT_PRIORITY",
    "GPU_TAGS",
    "HARDWARE_TAGS",
    "HIGHEST_PRIORITY",
    "LOWEST_PRIORITY",
    "BenchmarkWork",
    "BrowserWork",
    "CommandWork",
    "JobKind",
    "JobSpec",
    "PytestWork",
    "RunSpec",
    "Work",
]
