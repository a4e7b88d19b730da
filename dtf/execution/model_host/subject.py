"""A model that is to be measured, and one that is loaded; one implementation per runtime."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dtf.execution.models.reference import Reference


class RanElsewhereError(Exception):
    """The model cannot run, or did not run, on what was asked for; the message is the proof's sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a model is to run.

    Attributes:
        tag: The hardware: cpu, cuda, rocm or another word that the runtime knows. Which device of the kind it is
            comes with the environment, where the slot's own is the only one visible.
        threads: How many threads it may use on the CPU.
    """

    tag: str
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What took the nodes of a model in one run.

    Attributes:
        nodes: How many each provider (of torch: each device) took.
        types: How many of the computing nodes had which element type as their first floating or quantised input.
        wanted: The provider that was to take them.
    """

    nodes: Mapping[str, int]
    types: Mapping[str, int] = field(default_factory=dict)
    wanted: str = ""


class LoadedModel(Protocol):
    """A model that is ready to run in one precision in one place."""

    #: The names of its outputs.
    output_names: Sequence[str]
    #: What computes, with its version.
    runtime: str
    #: How long it took the runtime to load it, in seconds, without its conversion to the precision.
    load_s: float

    def run(self, inputs: Mapping[str, "NDArray[Any]"]) -> Sequence["NDArray[Any]"]:
        """Compute the outputs, from host memory to host memory."""
        ...

    def placement(self, inputs: Mapping[str, "NDArray[Any]"]) -> Placement:
        """Find what takes the nodes, in a run apart from the measured ones."""
        ...

    def device_bytes(self) -> int | None:
        """The most device memory that it has used; None: the runtime does not tell, or there is none."""
        ...


class Subject(Protocol):
    """A model as it was brought."""

    #: ``sha256:<hex>`` of what it is made from.
    digest: str

    def inputs(self, batch_size: int, seed: int) -> Mapping[str, "NDArray[Any]"]:
        """Make inputs.

        Raises:
            BadInputError: The batch does not fit.
        """
        ...

    def reference(self, inputs: Mapping[str, "NDArray[Any]"]) -> "Reference":
        """What the outputs should be."""
        ...

    def load(self, precision: str, place: Place) -> LoadedModel:
        """Load it.

        Raises:
            BadInputError: It cannot be loaded, or not in this precision.
            RanElsewhereError: The runtime cannot use the place.
        """
        ...
