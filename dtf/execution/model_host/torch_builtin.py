"""The built-in models in torch: the same graphs and weights as in ONNX."""

import hashlib
from collections.abc import Callable
from typing import Any

from dtf.domain.errors import BadInputError
from dtf.execution.model_host.torch_import import import_torch
from dtf.execution.model_host.torch_subject import TorchSubject
from dtf.execution.models.inputs import make_inputs, parse

_FLOAT = 1  # onnx.TensorProto.FLOAT


def torch_builtin(model: bytes) -> TorchSubject:
    """A subject that computes a built-in ONNX model with torch's own operators."""
    import_torch()
    return TorchSubject(
        f"sha256:{hashlib.sha256(b'torch ' + model).hexdigest()}",
        lambda: make_module(model),
        lambda batch_size, seed: make_inputs(model, batch_size, seed),
    )


def make_module(model: bytes) -> Any:  # noqa: ANN401  # torch's
    """A ``torch.nn.Module`` of an ONNX model that consists of the built-in models' operators.

    Raises:
        BadInputError: There is another operator in it.
    """
    torch = import_torch()
    from onnx import numpy_helper  # noqa: PLC0415  # the models extra

    graph = parse(model).graph
    nodes = [(node.op_type, list(node.input), node.output[0], _attributes(node)) for node in graph.node]
    if unknown := {op for op, *_ in nodes} - set(_OPERATORS):
        raise BadInputError(f"torch has no translation for {', '.join(sorted(unknown))}")

    class _Graph(torch.nn.Module):  # type: ignore[misc,name-defined]  # torch need not be installed
        def __init__(self) -> None:
            super().__init__()
            for one in graph.initializer:
                self.register_buffer(one.name, torch.from_numpy(numpy_helper.to_array(one).copy()))

        def forward(self, *given: Any) -> Any:  # noqa: ANN401  # torch's
            values = dict(self.named_buffers())
            dtype = next(value.dtype for value in values.values() if value.is_floating_point())
            values.update(zip((one.name for one in graph.input), given, strict=True))
            for op, names, output, attributes in nodes:
                values[output] = _OPERATORS[op](torch, [values[name] for name in names], attributes, dtype)
            return [values[one.name] for one in graph.output]

    return _Graph().eval()


def _attributes(node: Any) -> dict[str, Any]:  # noqa: ANN401  # onnx ships no types
    from onnx import helper  # noqa: PLC0415  # the models extra

    return {one.name: helper.get_attribute_value(one) for one in node.attribute}


_Operator = Callable[[Any, list[Any], dict[str, Any], Any], Any]


def _gather(torch: Any, x: list[Any], a: dict[str, Any], _: Any) -> Any:  # noqa: ANN401  # torch's
    data, indices, axis = x[0], x[1], a.get("axis", 0)
    if indices.dim() == 0:
        return data.select(axis, int(indices))
    picked = data.index_select(axis, indices.reshape(-1))
    return picked.reshape(*data.shape[:axis], *indices.shape, *data.shape[axis + 1 :]) if torch else picked


def _slice(_: Any, x: list[Any], __: dict[str, Any], ___: Any) -> Any:  # noqa: ANN401  # torch's
    data, starts, ends, axes = x
    for start, end, axis in zip(starts.tolist(), ends.tolist(), axes.tolist(), strict=True):
        data = data.narrow(axis, start, min(end, data.shape[axis]) - start)
    return data


def _reshape(_: Any, x: list[Any], __: dict[str, Any], ___: Any) -> Any:  # noqa: ANN401  # torch's
    sizes = [x[0].shape[place] if size == 0 else size for place, size in enumerate(x[1].tolist())]
    return x[0].reshape(sizes)


def _unsqueeze(_: Any, x: list[Any], __: dict[str, Any], ___: Any) -> Any:  # noqa: ANN401  # torch's
    data = x[0]
    for axis in sorted(x[1].tolist()):
        data = data.unsqueeze(axis)
    return data


def _normalise(torch: Any, x: list[Any], a: dict[str, Any], _: Any) -> Any:  # noqa: ANN401  # torch's
    return torch.nn.functional.layer_norm(x[0], x[1].shape, x[1], x[2], a.get("epsilon", 1e-5))


_OPERATORS: dict[str, _Operator] = {
    "Add": lambda _, x, __, ___: x[0] + x[1],
    "Sub": lambda _, x, __, ___: x[0] - x[1],
    "Mul": lambda _, x, __, ___: x[0] * x[1],
    "Div": lambda _, x, __, ___: x[0] / x[1],
    "MatMul": lambda _, x, __, ___: x[0] @ x[1],
    "Gemm": lambda torch, x, __, ___: torch.addmm(x[2], x[0], x[1]),
    "Relu": lambda torch, x, __, ___: torch.relu(x[0]),
    "Tanh": lambda torch, x, __, ___: torch.tanh(x[0]),
    "Erf": lambda torch, x, __, ___: torch.erf(x[0]),
    "Softmax": lambda torch, x, a, ___: torch.softmax(x[0], a["axis"]),
    "Conv": lambda torch, x, a, ___: torch.nn.functional.conv2d(
        x[0], x[1], x[2], stride=a["strides"], padding=a["pads"][:2]
    ),
    "MaxPool": lambda torch, x, a, ___: torch.nn.functional.max_pool2d(x[0], a["kernel_shape"], a["strides"]),
    "GlobalAveragePool": lambda _, x, __, ___: x[0].mean(dim=(2, 3), keepdim=True),
    "Flatten": lambda torch, x, a, ___: torch.flatten(x[0], a["axis"]),
    "Transpose": lambda _, x, a, ___: x[0].permute(a["perm"]),
    "Shape": lambda torch, x, __, ___: torch.tensor(x[0].shape, dtype=torch.int64),
    "Cast": lambda _, x, a, dtype: x[0].to(dtype) if a["to"] == _FLOAT else x[0],
    "Gather": _gather,
    "Slice": _slice,
    "Reshape": _reshape,
    "Unsqueeze": _unsqueeze,
    "LayerNormalization": _normalise,
}
