"""Which of onnxruntime's execution providers belong to a hardware tag."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dtf.execution.model_host.subject import Placement, RanElsewhereError

CPU = "CPUExecutionProvider"

#: The first of these that is there is used.
PROVIDERS: Mapping[str, tuple[str, ...]] = {
    "cpu": (CPU,),
    "cuda": ("CUDAExecutionProvider",),
    "rocm": ("ROCMExecutionProvider", "MIGraphXExecutionProvider"),
    "openvino": ("OpenVINOExecutionProvider",),
    "mps": ("CoreMLExecutionProvider",),
    "qualcomm": ("QNNExecutionProvider",),
}

#: Operators that move values and compute none: their type says nothing about the precision of a computation.
_MOVERS = frozenset(
    (
        "Cast", "Concat", "Constant", "ConstantOfShape", "Expand", "Flatten", "Gather", "GatherElements", "GatherND",
        "Identity", "MemcpyFromHost", "MemcpyToHost", "Pad", "Range", "ReorderInput", "ReorderOutput", "Reshape",
        "Shape", "Size", "Slice", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze",
    )
)  # fmt: skip
_COMPUTED_IN = ("float16", "bfloat16", "float", "double", "int8", "uint8")


def choose_provider(tag: str, available: Sequence[str]) -> str:
    """The provider for a tag.

    Raises:
        RanElsewhereError: This onnxruntime has none.
    """
    wanted = PROVIDERS.get(tag)
    if wanted is None:
        raise RanElsewhereError(f"onnxruntime has no execution provider for {tag}; it has some for {_known()}")
    for name in wanted:
        if name in available:
            return name
    usable = ", ".join(name for name in available if name != "AzureExecutionProvider")
    raise RanElsewhereError(f"{' or '.join(wanted)} is not in this onnxruntime (available: {usable})")


def with_options(provider: str) -> tuple[str, dict[str, str]]:
    """The provider with its options. fp32 is to be fp32: no TF32 on NVIDIA."""
    return provider, {"use_tf32": "0"} if provider == "CUDAExecutionProvider" else {}


def read_profile(path: Path, wanted: str) -> Placement:
    """What onnxruntime's own profile says about the nodes."""
    return count_nodes(json.loads(path.read_text()), wanted)


def count_nodes(events: Iterable[Mapping[str, Any]], wanted: str) -> Placement:
    """Count the nodes of one profiled run by provider, and the computing ones by the type they computed in."""
    nodes: Counter[str] = Counter()
    types: Counter[str] = Counter()
    for event in events:
        if event.get("cat") != "Node" or not str(event.get("name", "")).endswith("_kernel_time"):
            continue
        about = event.get("args", {})
        nodes[str(about.get("provider") or "unknown")] += 1
        if about.get("op_name") not in _MOVERS and (element := _element(about.get("input_type_shape", ()))):
            types[element] += 1
    return Placement(nodes=dict(nodes), types=dict(types), wanted=wanted)


def _element(inputs: Iterable[Mapping[str, Any]]) -> str:
    found = [next(iter(one), "") for one in inputs]
    if any(one in ("int8", "uint8") for one in found):
        return "int8"
    return next((one for one in found if one in _COMPUTED_IN), "")


def _known() -> str:
    return ", ".join(PROVIDERS)
