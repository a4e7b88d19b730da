"""What a model's outputs should be: the same graph in a higher precision on the CPU."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from dtf.domain.errors import BadInputError
from dtf.execution.models.inputs import parse
from dtf.execution.models.precision import in_precision

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CPU = ["CPUExecutionProvider"]
#: onnx's own implementation is in Python: larger models than this many bytes, or batches than so many numbers, would
#: take it minutes.
_SMALL_MODEL, _SMALL_INPUT = 32 * 2**20, 2**20

#: How a reference was computed, as the proof tells it.
FLOAT64_RUNTIME = "float64 on the CPU by onnxruntime"
FLOAT64_ONNX = "float64 on the CPU by onnx's reference implementation"
FLOAT32_RUNTIME = "float32 on the CPU by onnxruntime: there is no float64 for all operators of this model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Outputs to compare with, and how they were computed."""

    outputs: tuple["NDArray[Any]", ...]
    how: str


class ReferenceModel:
    """Computes a model's reference outputs.

    In float64 by onnxruntime where its CPU provider has all operators for it, else in float64 by onnx's reference
    implementation for small models, else in float32 by onnxruntime.

    Args:
        model: The model in float32.
    """

    def __init__(self, model: bytes) -> None:
        self._model = model
        self._double: bytes | None = None
        self._session: Any = None
        self._how = ""

    def outputs(self, inputs: Mapping[str, "NDArray[Any]"]) -> Reference:
        """Compute the outputs for one batch."""
        self._prepare()
        if self._how == FLOAT64_ONNX and sum(value.size for value in inputs.values()) <= _SMALL_INPUT:
            try:
                return self._by_onnx(inputs)
            except Exception:  # noqa: BLE001  # it raises anything for what it does not know; float32 is next
                self._how = FLOAT32_RUNTIME
        session, how = self._session, self._how
        if how == FLOAT64_ONNX:
            how = FLOAT32_RUNTIME
        return Reference(outputs=tuple(session.run(None, dict(inputs))), how=how)

    def _prepare(self) -> None:
        if self._session is not None:
            return
        try:
            self._double = in_precision(self._model, "fp64")
            self._session, self._how = _session(self._double), FLOAT64_RUNTIME
        except BadInputError:
            self._how = FLOAT32_RUNTIME
        except Exception:  # noqa: BLE001  # onnxruntime's errors share no class: it has no float64 for an operator
            self._how = FLOAT64_ONNX if len(self._model) <= _SMALL_MODEL else FLOAT32_RUNTIME
        if self._session is None:
            self._session = _session(self._model)

    def _by_onnx(self, inputs: Mapping[str, "NDArray[Any]"]) -> Reference:
        from onnx.reference import ReferenceEvaluator  # noqa: PLC0415  # slow to import

        evaluator = ReferenceEvaluator(parse(self._double or self._model))
        outputs = cast("list[NDArray[Any]]", evaluator.run(None, dict(inputs)))
        return Reference(outputs=tuple(outputs), how=FLOAT64_ONNX)


def _session(model: bytes) -> Any:  # noqa: ANN401  # onnxruntime's
    import onnxruntime  # noqa: PLC0415  # the models extra

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what it cannot do is asked here, not wrong
    return onnxruntime.InferenceSession(model, options, providers=_CPU)
