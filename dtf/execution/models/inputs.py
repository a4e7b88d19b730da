"""What a model takes, and inputs made for it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dtf.domain.errors import BadInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The size of a dynamic dimension that is not the batch.
OTHER_DYNAMIC = 16

#: Whole numbers are drawn below this where the graph does not say what they index.
_SMALL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """One input of a model.

    Attributes:
        name: Its name in the graph.
        dtype: numpy's name of its element type, such as ``float32`` or ``int64``.
        shape: Its sizes; None where the graph leaves a size open.
        below: Whole numbers are drawn from 0 up to this, which is left out: the rows of the table that they index.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    below: int = _SMALL

    def sized(self, batch_size: int) -> tuple[int, ...]:
        """The shape with a batch of so many; any other open size is ``OTHER_DYNAMIC``.

        Raises:
            BadInputError: The model fixes another batch.
        """
        if not self.shape:
            return ()
        first, *rest = self.shape
        if first is not None and first != batch_size:
            raise BadInputError(
                f"input {self.name!r} has a fixed first dimension of {first}: a batch of {batch_size} does not fit"
            )
        return (batch_size, *(OTHER_DYNAMIC if size is None else size for size in rest))


def input_spec(model: bytes) -> tuple[InputSpec, ...]:
    """The inputs of an ONNX model, in its order; weights are not among them.

    Raises:
        BadInputError: It is no ONNX model, or an input is no tensor.
    """
    from onnx import helper  # noqa: PLC0415  # the models extra

    graph = parse(model).graph
    weights = {one.name for one in graph.initializer}
    rows = _indexed_rows(graph)
    found = []
    for one in graph.input:
        if one.name in weights:
            continue
        if not one.type.HasField("tensor_type"):
            raise BadInputError(f"input {one.name!r} is no tensor: dtf cannot make values for it")
        tensor = one.type.tensor_type
        found.append(
            InputSpec(
                name=one.name,
                dtype=str(helper.tensor_dtype_to_np_dtype(tensor.elem_type)),
                shape=tuple(d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim),
                below=rows.get(one.name, _SMALL),
            )
        )
    return tuple(found)


def make_inputs(model: bytes, batch_size: int, seed: int = 0) -> dict[str, "NDArray[Any]"]:
    """Values for all inputs of a model, the same for the same seed.

    Numbers are normally distributed; whole numbers are in the range of the table that they index, else 0 or 1; what is
    called a mask is all ones.

    Raises:
        BadInputError: The model cannot be read, fixes another batch size, or takes what dtf cannot make.
    """
    return make_values(input_spec(model), batch_size, seed)


def make_values(specs: Iterable[InputSpec], batch_size: int, seed: int) -> dict[str, "NDArray[Any]"]:
    """Values for these inputs, as ``make_inputs`` makes them.

    Raises:
        BadInputError: The batch size does not fit, or the values cannot be made.
    """
    import numpy as np  # noqa: PLC0415  # the models extra

    specs = tuple(specs)
    if batch_size != 1 and not any(spec.shape for spec in specs):
        raise BadInputError(
            f"no input of the model has a dimension for a batch: only a batch of 1 fits, not {batch_size}"
        )
    stream = np.random.default_rng(seed)
    return {spec.name: _values(spec, spec.sized(batch_size), stream) for spec in specs}


def parse(model: bytes) -> Any:  # noqa: ANN401  # onnx ships no types
    """Read a serialised ONNX model.

    Raises:
        BadInputError: It is none.
    """
    import onnx  # noqa: PLC0415  # the models extra
    from google.protobuf.message import DecodeError  # noqa: PLC0415  # the models extra

    try:
        proto = onnx.load_from_string(model)
    except DecodeError as error:
        raise BadInputError(f"this is no ONNX model: {error}") from error
    if not proto.graph.node:
        raise BadInputError("this is no ONNX model: there is no node in it")
    return proto


def _values(spec: InputSpec, shape: tuple[int, ...], stream: Any) -> "NDArray[Any]":  # noqa: ANN401  # numpy's
    import numpy as np  # noqa: PLC0415  # the models extra

    dtype = np.dtype(spec.dtype)
    if dtype.kind in "iu":
        if "mask" in spec.name.lower():
            return np.ones(shape, dtype=dtype)
        return np.asarray(stream.integers(0, spec.below, size=shape)).astype(dtype)
    if dtype.kind == "b":
        return np.asarray(stream.integers(0, 2, size=shape)).astype(dtype)
    if dtype.kind == "f" or spec.dtype == "bfloat16":
        return np.asarray(stream.standard_normal(shape)).astype(dtype)
    raise BadInputError(f"input {spec.name!r} is of {spec.dtype}: dtf cannot make values for it")


def _indexed_rows(graph: Any) -> dict[str, int]:  # noqa: ANN401  # onnx ships no types
    """For inputs that index weights: how many rows those have."""
    sizes = {one.name: tuple(one.dims) for one in graph.initializer}
    rows: dict[str, int] = {}
    for node in graph.node:
        if node.op_type != "Gather" or node.input[0] not in sizes:
            continue
        axis = next((a.i for a in node.attribute if a.name == "axis"), 0)
        limit = sizes[node.input[0]][axis]
        rows[node.input[1]] = min(limit, rows.get(node.input[1], limit))
    return rows
