"""What a job does, by kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class JobKind(StrEnum):
    """What is to be executed."""

    PYTEST = "pytest"
    COMMAND = "command"
    BENCHMARK = "benchmark"
    BROWSER = "browser"


class Isolation(StrEnum):
    """How often a pytest suite gets a fresh process."""

    #: One runner per slot, replaced after a crash.
    SLOT = "slot"
    SHARD = "shard"
    MODULE = "module"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class PytestWork:
    """A pytest suite.

    Attributes:
        paths: Files, directories or node ids, relative to the working directory.
        keyword: pytest's ``-k``.
        marker: pytest's ``-m``.
        max_failures: End after so many failures; 0 never. ``-x`` is 1.
        args: Further arguments for pytest, as given.
        python: The interpreter that runs the suite; empty: the worker chooses (see ``docs/how-it-works.md``).
        environment: Variables added to the worker's.
        isolation: How often the suite gets a fresh process.
        only: Node ids as an earlier run reported them: of what is collected only these run; empty: all.
    """

    paths: tuple[str, ...] = ()
    keyword: str = ""
    marker: str = ""
    max_failures: int = 0
    args: tuple[str, ...] = ()
    python: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    isolation: Isolation = Isolation.SLOT
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandWork:
    """One program with its arguments; no shell.

    Attributes:
        argv: The program and its arguments.
        environment: Variables added to the worker's.
        artifacts: Glob patterns, relative to the working directory, of files to keep.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    artifacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkWork:
    """Measurements of one model.

    Attributes:
        model: A built-in (``mlp``, ``cnn``, ``bert``), a file relative to the working directory, or a hub's name.
        batch_sizes: Each is measured by itself.
        precision: ``fp32``, ``fp16``, ``bf16`` or ``int8``.
        warm_up: Calls before the measured ones.
        iterations: Measured calls.
        runtime: ``onnxruntime`` or ``torch``; empty: by the model.
        tolerance: The largest error against the CPU reference that passes; None: the precision's own.
        seed: Of the inputs, and of a built-in model's weights.
        python: The interpreter with the runtime; empty: dtf's own.
        environment: Variables added to the worker's.
        batch_size_limit: How many jobs of one model follow each other on a slot with the model loaded once; 1: none.
        model_grouping: Whether jobs of one model follow each other.
        hardware_grouping: Whether they do so only on the same requirements.
    """

    model: str
    batch_sizes: tuple[int, ...] = (1,)
    precision: str = "fp32"
    warm_up: int = 5
    iterations: int = 50
    runtime: str = ""
    tolerance: float | None = None
    seed: int = 0
    python: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    batch_size_limit: int = 8
    model_grouping: bool = True
    hardware_grouping: bool = True


class BrowserCheck(StrEnum):
    """What is done in the browser."""

    #: A compute shader with numeric verification.
    WGSL = "wgsl"
    #: An ONNX model in onnxruntime-web, compared with the CPU.
    MODEL = "model"
    #: A page or folder of the user's, which reports through ``window.dtf``.
    PAGE = "page"
    #: A Playwright script of the user's.
    SCRIPT = "script"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserWork:
    """Something done in a real browser.

    Attributes:
        check: What.
        target: A model, a page or folder, or a script, relative to the working directory; empty for ``WGSL``.
        provider: What a model runs on: ``wasm``, ``webgpu`` or ``webnn``.
        args: Words for the script, ``NAME=VALUE`` pairs for the page's query, ``batch=N`` and ``device=gpu`` for a
            model.
        tolerance: The largest error that passes; None: the check's own.
        seed: Of a model's inputs, and of a built-in model's weights.
        environment: Variables added to the worker's.
    """

    check: BrowserCheck
    target: str = ""
    provider: str = "webgpu"
    args: tuple[str, ...] = ()
    tolerance: float | None = None
    seed: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def in_page(self) -> bool:
        """Whether dtf drives a page of the slot's browser for it; a script has a process of its own."""
        return self.check is not BrowserCheck.SCRIPT


Work = PytestWork | CommandWork | BenchmarkWork | BrowserWork

#: The kind of each class of work.
KINDS: Mapping[type, JobKind] = {
    PytestWork: JobKind.PYTEST,
    CommandWork: JobKind.COMMAND,
    BenchmarkWork: JobKind.BENCHMARK,
    BrowserWork: JobKind.BROWSER,
}
