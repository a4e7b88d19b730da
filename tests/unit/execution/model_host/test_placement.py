from typing import TYPE_CHECKING

import pytest

from dtf.domain.errors import BadInputError
from dtf.execution.model_host.placement import check_placement
from dtf.execution.model_host.providers import choose_provider, count_nodes, with_options
from dtf.execution.model_host.subject import Placement, RanElsewhereError

if TYPE_CHECKING:
    from collections.abc import Mapping

_CUDA, _CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


def event(op: str, provider: str, *types: str) -> dict[str, object]:
    """A node's event as onnxruntime's profile has it."""
    shapes = [{one: [1]} for one in types]
    about = {"op_name": op, "provider": provider, "input_type_shape": shapes}
    return {"cat": "Node", "name": f"{op}_0_kernel_time", "args": about}


def test_the_profile_is_counted_by_provider_and_type() -> None:
    """Only kernels count; what moves values says nothing about the precision."""
    events: list[Mapping[str, object]] = [
        {"cat": "Session", "name": "model_run", "args": {}},
        {**event("MatMul", _CUDA, "float16"), "name": "MatMul_0_fence_before"},
        event("MatMul", _CUDA, "float16", "float16"),
        event("Cast", _CUDA, "float"),
        event("Softmax", _CPU, "float"),
        event("MatMulInteger", _CPU, "uint8", "int8"),
        event("Shape", _CPU, "int64"),
    ]
    assert count_nodes(events, _CUDA) == Placement(
        nodes={_CUDA: 2, _CPU: 3}, types={"float16": 1, "float": 1, "int8": 1}, wanted=_CUDA
    )


def test_some_nodes_on_the_cpu_pass() -> None:
    """A provider leaves what it does not have to the CPU; the counts tell."""
    check_placement(Placement(nodes={_CUDA: 1, _CPU: 9}, types={"float": 10}, wanted=_CUDA), "fp32")


def test_a_provider_that_took_nothing_ran_elsewhere() -> None:
    """A model that fell back to the CPU did not run on the GPU."""
    with pytest.raises(RanElsewhereError, match="CUDAExecutionProvider took no node"):
        check_placement(Placement(nodes={_CPU: 12}, wanted=_CUDA), "fp32")


def test_a_model_without_a_node_ran_nowhere_else() -> None:
    """What the runtime folded to a constant leaves nothing to place, and nothing to compute in a precision."""
    check_placement(Placement(nodes={}, wanted=_CUDA), "fp16")


@pytest.mark.parametrize(
    ("precision", "types", "is_supported"),
    [
        ("fp16", {"float16": 5, "float": 5}, True),
        ("fp16", {"float16": 4, "float": 5}, False),
        ("fp16", {}, False),
        ("bf16", {"float16": 9}, False),
        ("bf16", {"bfloat16": 9}, True),
        ("int8", {"int8": 1, "float": 20}, True),
        ("int8", {"float": 20}, False),
        ("fp32", {"float": 1}, True),
    ],
)
def test_another_precision_is_not_taken_for_the_one_that_was_asked_for(
    precision: str, types: dict[str, int], is_supported: bool
) -> None:
    """A provider that converts to float32 without a word does not support the precision."""
    placement = Placement(nodes={_CPU: 30}, types=types, wanted=_CPU)
    if is_supported:
        check_placement(placement, precision)
        return
    with pytest.raises(BadInputError, match=r"^unsupported: "):
        check_placement(placement, precision)


def test_a_missing_provider_is_named_with_what_there_is() -> None:
    """The sentence says what is missing and what onnxruntime has."""
    with pytest.raises(RanElsewhereError) as raised:
        choose_provider("cuda", ["AzureExecutionProvider", _CPU])
    assert str(raised.value) == f"{_CUDA} is not in this onnxruntime (available: {_CPU})"
    with pytest.raises(RanElsewhereError, match="no execution provider for webgpu"):
        choose_provider("webgpu", [_CPU])


def test_rocm_takes_whichever_is_there() -> None:
    """Newer builds have MIGraphX in place of the ROCm provider."""
    assert choose_provider("rocm", ["MIGraphXExecutionProvider", _CPU]) == "MIGraphXExecutionProvider"


def test_fp32_on_nvidia_is_fp32() -> None:
    """TF32, which rounds to 11 bits, is switched off."""
    assert with_options(_CUDA) == (_CUDA, {"use_tf32": "0"})
    assert with_options(_CPU) == (_CPU, {})
