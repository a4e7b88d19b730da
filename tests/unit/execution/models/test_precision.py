from collections.abc import Sequence

import pytest

pytest.importorskip("onnxruntime")

import numpy as np
import onnx
import onnxruntime as ort
from onnx import NodeProto, TensorProto, helper, numpy_helper

from dtf.domain.errors import BadInputError
from dtf.execution.models.builtin import BUILTIN_MODELS, build_onnx, make_inputs
from dtf.execution.models.parity import compare
from dtf.execution.models.precision import TOLERANCES, in_precision
from dtf.execution.models.reference import FLOAT32_RUNTIME, FLOAT64_ONNX, FLOAT64_RUNTIME, ReferenceModel


def run(model: bytes, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Outputs of a model on the CPU."""
    found: list[np.ndarray] = ort.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, inputs)
    return found


def model_of(nodes: Sequence[NodeProto], weights: Sequence[TensorProto] = ()) -> bytes:
    """A model from ``x`` [batch, 4] to ``y``."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        weights,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(made.SerializeToString())


@pytest.mark.parametrize("name", BUILTIN_MODELS)
@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_a_built_in_keeps_its_meaning(name: str, precision: str) -> None:
    """Converted, it gives what float64 gives within the precision's tolerance, and not what float32 gives."""
    model = build_onnx(name, 0)
    inputs = make_inputs(model, 4, 0)
    reference = ReferenceModel(model).outputs(inputs)
    assert reference.how in (FLOAT64_RUNTIME, FLOAT64_ONNX)
    got = run(in_precision(model, precision), inputs)
    parity = compare(["output"], got, reference.outputs)
    assert parity.verdict(TOLERANCES[precision]) == ""
    assert parity.max_rel > 1e-5
    assert compare(["output"], run(model, inputs), reference.outputs).verdict(TOLERANCES["fp32"]) == ""


@pytest.mark.parametrize(("precision", "element"), [("fp16", 10), ("bf16", 16), ("fp64", 11)])
def test_no_float32_is_left_inside(precision: str, element: int) -> None:
    """All weights have the type, and the graph passes onnx's checker; inputs and outputs stay float32."""
    changed = onnx.load_from_string(in_precision(build_onnx("bert", 0), precision))
    onnx.checker.check_model(changed, full_check=True)
    kinds = {one.data_type for one in changed.graph.initializer}
    assert kinds == {element, TensorProto.INT64}
    assert changed.graph.output[0].type.tensor_type.elem_type == TensorProto.FLOAT


def test_a_mask_constant_does_not_become_infinite() -> None:
    """-3.4e38 becomes half precision's smallest number: 0 times infinity would be NaN."""
    low = numpy_helper.from_array(np.array([-3.4e38], dtype=np.float32), "low")
    model = model_of([helper.make_node("Mul", ["x", "low"], ["y"])], [low])
    changed = onnx.load_from_string(in_precision(model, "fp16"))
    assert numpy_helper.to_array(changed.graph.initializer[0]).tolist() == [-65504.0]


def test_operators_that_want_float32_get_it() -> None:
    """Resize takes its scales in float32 whatever the model's precision."""
    nodes = [
        helper.make_node("Unsqueeze", ["x", "axes"], ["wide"]),
        helper.make_node("Resize", ["wide", "", "scales"], ["y"], mode="nearest"),
    ]
    weights = [
        numpy_helper.from_array(np.array([1], dtype=np.int64), "axes"),
        numpy_helper.from_array(np.array([1, 1, 2], dtype=np.float32), "scales"),
    ]
    model = model_of(nodes, weights)
    inputs = {"x": np.arange(8, dtype=np.float32).reshape(2, 4)}
    (plain,), (half,) = run(model, inputs), run(in_precision(model, "fp16"), inputs)
    np.testing.assert_array_equal(plain, half)


def test_branches_are_converted_too() -> None:
    """A subgraph that uses outer values and constants of its own runs in the new type."""
    then = helper.make_graph(
        [
            helper.make_node("Constant", [], ["two"], value_float=2.0),
            helper.make_node("Mul", ["x", "two"], ["doubled"]),
        ],
        "then",
        [],
        [helper.make_tensor_value_info("doubled", TensorProto.FLOAT, None)],
    )
    other = helper.make_graph(
        [helper.make_node("Neg", ["x"], ["negated"])],
        "else",
        [],
        [helper.make_tensor_value_info("negated", TensorProto.FLOAT, None)],
    )
    yes = numpy_helper.from_array(np.array(True), "yes")
    model = model_of([helper.make_node("If", ["yes"], ["y"], then_branch=then, else_branch=other)], [yes])
    inputs = {"x": np.ones((1, 4), dtype=np.float32)}
    np.testing.assert_array_equal(run(in_precision(model, "fp16"), inputs)[0], np.full((1, 4), 2.0))
    np.testing.assert_array_equal(run(in_precision(model, "fp64"), inputs)[0], np.full((1, 4), 2.0))


def test_an_input_that_is_an_output_too_keeps_its_name() -> None:
    """The names at the borders are the caller's."""
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    changed = onnx.load_from_string(in_precision(model_of(nodes), "fp16"))
    assert [one.name for one in (*changed.graph.input, *changed.graph.output)] == ["x", "y"]


def test_what_cannot_be_quantised_is_unsupported() -> None:
    """A model without products is not silently left in float32."""
    with pytest.raises(BadInputError, match="unsupported: nothing in the model can be quantised"):
        in_precision(model_of([helper.make_node("Relu", ["x"], ["y"])]), "int8")


def test_an_unknown_precision_lists_what_there_is() -> None:
    """The message names the precisions."""
    with pytest.raises(BadInputError, match="there are fp32, fp16, bf16, int8"):
        in_precision(build_onnx("mlp", 0), "fp8")


def test_the_reference_says_when_it_is_only_float32() -> None:
    """A model that cannot be retyped is compared with float32, and says so."""
    model = onnx.load_from_string(model_of([helper.make_node("Own", ["x"], ["y"], domain="local")]))
    model.opset_import.append(helper.make_opsetid("local", 1))
    body = [helper.make_node("Relu", ["a"], ["b"])]
    own = helper.make_function("local", "Own", ["a"], ["b"], body, [helper.make_opsetid("", 17)])
    model.functions.append(own)
    found = ReferenceModel(bytes(model.SerializeToString())).outputs({"x": -np.ones((1, 4), dtype=np.float32)})
    assert found.how == FLOAT32_RUNTIME
    assert found.outputs[0].tolist() == [[0, 0, 0, 0]]
