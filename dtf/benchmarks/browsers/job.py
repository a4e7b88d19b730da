"""A job of the benchmark."""

from dataclasses import dataclass
from enum import StrEnum


class Work(StrEnum):
    """What a job does in a real browser."""

    #: A compute shader whose answer is known; it needs WebGPU.
    SHADER = "shader"
    #: A page that fetches, sorts, computes on the GPU, and asserts what is true.
    PAGE = "page"
    #: The same page with an assertion that is false: the test's own failure, which no retry may hide.
    ASSERTION = "assertion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job of the benchmark.

    Attributes:
        number: Its place in the list, from 0.
        work: What it does.
        arrives_s: When it is there, in seconds from the beginning of the run.
        pinned: The only browser that it may run in; empty: any.
        seed: Decides its numbers.
    """

    number: int
    work: Work
    arrives_s: float
    pinned: str
    seed: int

    @property
    def group(self) -> str:
        """Its job group: what fails together by its own fault."""
        return f"benchmark-{self.work}"
