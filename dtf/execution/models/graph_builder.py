"""Builds ONNX graphs node by node."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: What onnxruntime 1.31 and onnxruntime-web 1.31 both take. LayerNormalization is an operator since opset 17.
OPSET, IR_VERSION = 17, 8


class GraphBuilder:
    """Collects nodes and weights, and makes a model of them.

    Weights come from one seeded stream in the order in which they are asked for, so a seed gives the same bytes.

    Args:
        name: The graph's name.
        seed: Of its weights.
    """

    def __init__(self, name: str, seed: int) -> None:
        import numpy as np  # noqa: PLC0415  # the models extra

        self._np = np
        self._name = name
        self._stream = np.random.default_rng(seed)
        self._nodes: list[Any] = []
        self._weights: list[Any] = []
        self._count = 0

    def weight(self, *shape: int, scale: float) -> str:
        """Add normally distributed float32 weights with a standard deviation of ``scale``; returns their name."""
        return self.constant((self._stream.standard_normal(shape) * scale).astype(self._np.float32))

    def constant(self, value: "NDArray[Any] | Sequence[int] | int | float") -> str:
        """Add a constant: an array, a float32 number, or int64: one or a list; returns its name."""
        from onnx import numpy_helper  # noqa: PLC0415  # the models extra

        array: np.ndarray[Any, Any]
        if isinstance(value, float):
            array = self._np.array(value, dtype=self._np.float32)
        elif isinstance(value, self._np.ndarray):
            array = value
        else:
            array = self._np.array(value, dtype=self._np.int64)
        name = self._fresh("c")
        self._weights.append(numpy_helper.from_array(array, name))
        return name

    def node(self, op: str, *inputs: str, output: str = "", **attributes: Any) -> str:  # noqa: ANN401  # onnx's
        """Add a node with one output; returns the output's name."""
        from onnx import helper  # noqa: PLC0415  # the models extra

        name = output or self._fresh(op.lower())
        self._nodes.append(helper.make_node(op, list(inputs), [name], name=f"{op}_{len(self._nodes)}", **attributes))
        return name

    def model(self, inputs: Sequence[tuple[str, int, list[str | int]]], output: tuple[str, list[str | int]]) -> bytes:
        """Serialise the model.

        Args:
            inputs: Name, ONNX element type and shape of each; a word in a shape is a dynamic dimension.
            output: Name and shape of the float32 output.
        """
        from onnx import TensorProto, checker, helper  # noqa: PLC0415  # the models extra

        graph = helper.make_graph(
            self._nodes,
            self._name,
            [helper.make_tensor_value_info(*one) for one in inputs],
            [helper.make_tensor_value_info(output[0], TensorProto.FLOAT, output[1])],
            self._weights,
        )
        made = helper.make_model(
            graph, producer_name="dtf", opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        checker.check_model(made, full_check=True)
        return bytes(made.SerializeToString(deterministic=True))

    def _fresh(self, stem: str) -> str:
        self._count += 1
        return f"{stem}_{self._count}"
