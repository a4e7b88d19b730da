"""Models in other precisions than the one they came in."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from dtf.domain.errors import BadInputError
from dtf.domain.tasks.models import PRECISIONS
from dtf.execution.models.inputs import parse
from dtf.execution.models.retype import retype

#: The largest error that passes, as a share of the output's largest magnitude. fp32 leaves room for another order of
#: additions; fp16 has 11 significant bits and bf16 8, over some tens of layers; int8 is for dynamic quantisation
#: with one scale per tensor.
TOLERANCES: Mapping[str, float] = {"fp32": 1e-4, "fp16": 1e-2, "bf16": 5e-2, "int8": 0.15}

_ONNX_TYPES: Mapping[str, int] = {"fp16": 10, "bf16": 16, "fp64": 11}  # onnx.TensorProto's numbers


def in_precision(model: bytes, precision: str) -> bytes:
    """An ONNX model in another precision; it takes and gives float32 as before.

    Args:
        model: The serialised model.
        precision: One of ``PRECISIONS``, or ``fp64``. ``fp32`` is the model as it is; ``int8`` quantises the
            weights of matrix products and convolutions, and what goes into them as it comes (dynamic quantisation).

    Raises:
        BadInputError: It cannot be done; the message begins with "unsupported" where the precision is the reason.
    """
    if precision == "fp32":
        return model
    if precision == "int8":
        return _quantised(model)
    if precision not in _ONNX_TYPES:
        raise BadInputError(f"there is no precision {precision[:40]!r}; there are {', '.join(PRECISIONS)}")
    proto = parse(model)
    retype(proto, _ONNX_TYPES[precision])
    return bytes(proto.SerializeToString(deterministic=True))


def _quantised(model: bytes) -> bytes:
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415  # slow to import

    with tempfile.TemporaryDirectory(prefix="dtf-int8-") as folder:
        target = Path(folder) / "model.onnx"
        # unsigned weights: onnxruntime's CPU has no integer convolution for signed ones
        quantize_dynamic(parse(model), target, weight_type=QuantType.QUInt8)
        quantised = target.read_bytes()
    before = {node.op_type for node in parse(model).graph.node}
    added = {node.op_type for node in parse(quantised).graph.node} - before
    if not any("Integer" in op or "QLinear" in op or "Quant" in op for op in added):
        raise BadInputError("unsupported: nothing in the model can be quantised to int8")
    return quantised
