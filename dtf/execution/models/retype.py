"""Gives the float32 values of an ONNX graph another floating type."""

from typing import TYPE_CHECKING, Any

from dtf.domain.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_FLOAT = 1  # onnx.TensorProto.FLOAT

#: Operators whose float inputs the standard fixes to float32, or that exist to change types.
_KEEPS_FLOAT32 = frozenset(
    (
        "Resize", "Upsample", "NonMaxSuppression", "RoiAlign", "QuantizeLinear", "DequantizeLinear",
        "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul", "RandomNormal", "RandomUniform", "MelWeightMatrix",
    )
)  # fmt: skip
#: Attributes that name an element type.
_TYPE_ATTRIBUTES = frozenset(("to", "dtype", "output_datatype", "stash_type"))


def retype(proto: Any, target: int) -> None:  # noqa: ANN401  # onnx ships no types
    """Change a model in place, so that what was float32 inside is of another type; inputs and outputs stay float32.

    A ``Cast`` stands behind each float32 input and before each such output. Weights that half precision cannot hold
    become its largest number, which keeps masks such as -3.4e38 what they are meant to be. What the operators of
    ``_KEEPS_FLOAT32`` take is cast to float32 and back.

    Args:
        proto: An ``onnx.ModelProto``.
        target: The element type as ``onnx.TensorProto`` numbers it: FLOAT16, BFLOAT16 or DOUBLE.

    Raises:
        BadInputError: The model has functions of its own, or its types cannot be inferred.
    """
    from onnx import shape_inference  # noqa: PLC0415  # the models extra

    if proto.functions:
        raise BadInputError("unsupported: a model with functions of its own cannot be given another precision")
    try:
        inferred = shape_inference.infer_shapes(proto)
    except shape_inference.InferenceError as error:
        raise BadInputError(f"the types of the model's values cannot be inferred: {error}") from error
    _Retyping(target).model(proto.graph, inferred.graph)


class _Retyping:
    """One walk over a graph and its subgraphs."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._floats: set[str] = set()
        self._count = 0

    def model(self, graph: Any, inferred: Any) -> None:  # noqa: ANN401  # onnx's
        """Retype the main graph, and cast at its borders."""
        self._note_floats(inferred)
        weights = {one.name for one in graph.initializer}
        inputs = [one.name for one in graph.input if _is_float(one) and one.name not in weights]
        outputs = [one.name for one in graph.output if _is_float(one)]
        self._graph(graph)
        for name in inputs:
            inner = self._fresh(name)
            _rename_inputs(graph, name, inner)
            graph.node.insert(0, _cast(name, inner, self._target))
        for name in outputs:
            inner = self._fresh(name)
            _rename_inputs(graph, name, inner)
            for node in graph.node:
                node.output[:] = [inner if one == name else one for one in node.output]
            graph.node.append(_cast(inner, name, _FLOAT))
        for one in graph.input:
            if one.name in weights and _is_float(one):
                one.type.tensor_type.elem_type = self._target

    def _graph(self, graph: Any) -> None:  # noqa: ANN401  # onnx's
        for tensor in graph.initializer:
            self._tensor(tensor)
        # what was inferred does not hold any more
        del graph.value_info[:]
        nodes = []
        for node in graph.node:
            if node.op_type in _KEEPS_FLOAT32:
                nodes += self._guarded(node)
            else:
                self._node(node)
                nodes.append(node)
        copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
        del graph.node[:]
        graph.node.extend(copies)

    def _node(self, node: Any) -> None:  # noqa: ANN401  # onnx's
        if node.op_type == "Constant":
            _constant_as_tensor(node)
        for attribute in node.attribute:
            if attribute.name in _TYPE_ATTRIBUTES and attribute.i == _FLOAT and attribute.name != "stash_type":
                attribute.i = self._target
            elif attribute.HasField("t"):
                self._tensor(attribute.t)
            elif attribute.HasField("g"):
                self._subgraph(attribute.g)

    def _subgraph(self, graph: Any) -> None:  # noqa: ANN401  # onnx's
        self._note_floats(graph)
        for one in (*graph.input, *graph.output):
            if _is_float(one):
                one.type.tensor_type.elem_type = self._target
        self._graph(graph)

    def _guarded(self, node: Any) -> list[Any]:  # noqa: ANN401  # onnx's
        """The node between casts to float32 and back."""
        before, after = [], []
        for place, name in enumerate(node.input):
            if name in self._floats:
                node.input[place] = self._fresh(name)
                before.append(_cast(name, node.input[place], _FLOAT))
        for place, name in enumerate(node.output):
            if name in self._floats:
                node.output[place] = self._fresh(name)
                after.append(_cast(node.output[place], name, self._target))
        return [*before, node, *after]

    def _tensor(self, tensor: Any) -> None:  # noqa: ANN401  # onnx's
        from onnx import helper, numpy_helper  # noqa: PLC0415  # the models extra

        if tensor.data_type != _FLOAT:
            return
        dtype = helper.tensor_dtype_to_np_dtype(self._target)
        changed = numpy_helper.from_array(_fitting(numpy_helper.to_array(tensor), dtype), tensor.name)
        tensor.CopyFrom(changed)

    def _note_floats(self, graph: Any) -> None:  # noqa: ANN401  # onnx's
        self._floats.update(one.name for one in (*graph.input, *graph.output, *graph.value_info) if _is_float(one))
        self._floats.update(one.name for one in graph.initializer if one.data_type == _FLOAT)

    def _fresh(self, name: str) -> str:
        self._count += 1
        return f"{name}__dtf{self._count}"


def _fitting(values: "NDArray[Any]", dtype: Any) -> "NDArray[Any]":  # noqa: ANN401  # a numpy or ml_dtypes type
    import numpy as np  # noqa: PLC0415  # the models extra

    if np.dtype(dtype) == np.float16:
        largest = float(np.finfo(np.float16).max)
        values = np.where(np.isfinite(values), np.clip(values, -largest, largest), values)
    return np.asarray(values).astype(dtype)


def _constant_as_tensor(node: Any) -> None:  # noqa: ANN401  # onnx's
    """A ``Constant`` given by numbers becomes one given by a tensor, whose type can be changed."""
    from onnx import helper  # noqa: PLC0415  # the models extra

    makers: dict[str, Callable[[Any], Any]] = {
        "value_float": lambda a: helper.make_tensor("value", _FLOAT, [], [a.f]),
        "value_floats": lambda a: helper.make_tensor("value", _FLOAT, [len(a.floats)], list(a.floats)),
    }
    for place, attribute in enumerate(node.attribute):
        if attribute.name in makers:
            made = helper.make_attribute("value", makers[attribute.name](attribute))
            del node.attribute[place]
            node.attribute.append(made)
            return


def _rename_inputs(graph: Any, old: str, new: str) -> None:  # noqa: ANN401  # onnx's
    for node in graph.node:
        node.input[:] = [new if one == old else one for one in node.input]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _rename_inputs(attribute.g, old, new)
                for output in attribute.g.output:  # a branch may give an outer value as it is
                    output.name = new if output.name == old else output.name


def _cast(name: str, output: str, to: int) -> Any:  # noqa: ANN401  # onnx's
    from onnx import helper  # noqa: PLC0415  # the models extra

    return helper.make_node("Cast", [name], [output], name=f"dtf_cast_{name}_{output}", to=to)


def _is_float(info: Any) -> bool:  # noqa: ANN401  # onnx's
    return bool(info.type.tensor_type.elem_type == _FLOAT)
