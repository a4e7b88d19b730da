"""ONNX models on ONNX Runtime."""

import hashlib
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dtf.domain.errors import BadInputError
from dtf.execution.model_host.providers import CPU, choose_provider, read_profile, with_options
from dtf.execution.model_host.subject import Place, Placement, RanElsewhereError
from dtf.execution.models.inputs import make_inputs
from dtf.execution.models.precision import in_precision
from dtf.execution.models.reference import Reference, ReferenceModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ERRORS_ONLY = 3


class OnnxSubject:
    """A serialised ONNX model.

    Raises:
        BadInputError: onnxruntime is missing.
    """

    def __init__(self, model: bytes) -> None:
        try:
            import onnxruntime  # noqa: F401, PLC0415  # the models extra; not part of any load time
        except ImportError as error:
            raise BadInputError(f"onnxruntime cannot be imported: {error}; pip install 'dtf[models]'") from error
        self.digest = f"sha256:{hashlib.sha256(model).hexdigest()}"
        self._model = model
        self._reference = ReferenceModel(model)

    def inputs(self, batch_size: int, seed: int) -> Mapping[str, "NDArray[Any]"]:
        """Make inputs as the graph describes them."""
        return make_inputs(self._model, batch_size, seed)

    def reference(self, inputs: Mapping[str, "NDArray[Any]"]) -> Reference:
        """The outputs of the graph in float64 where that can be had."""
        return self._reference.outputs(inputs)

    def load(self, precision: str, place: Place) -> "LoadedOnnx":
        """Make a session with the tag's execution provider."""
        import onnxruntime  # noqa: PLC0415  # the models extra

        provider = choose_provider(place.tag, onnxruntime.get_available_providers())
        if provider == "CUDAExecutionProvider":
            onnxruntime.preload_dlls()  # CUDA's libraries as Python packages
        return LoadedOnnx(in_precision(self._model, precision), precision, provider, place)


class LoadedOnnx:
    """An ONNX Runtime session."""

    def __init__(self, model: bytes, precision: str, provider: str, place: Place) -> None:
        import onnxruntime  # noqa: PLC0415  # the models extra

        self.runtime = f"onnxruntime {onnxruntime.__version__}"
        self._model = model
        self._precision = precision
        self._provider = provider
        self._place = place
        begin = time.perf_counter()
        self._session = self._open(self._options())
        self.load_s = time.perf_counter() - begin
        self.output_names: Sequence[str] = [one.name for one in self._session.get_outputs()]

    def run(self, inputs: Mapping[str, "NDArray[Any]"]) -> Sequence["NDArray[Any]"]:
        """One run; values are copied to the device and back where there is one."""
        outputs: Sequence[NDArray[Any]] = self._session.run(None, inputs)
        return outputs

    def placement(self, inputs: Mapping[str, "NDArray[Any]"]) -> Placement:
        """Run once in a session of its own that writes onnxruntime's profile, and read that."""
        with tempfile.TemporaryDirectory(prefix="dtf-profile-") as folder:
            options = self._options()
            options.enable_profiling = True
            options.profile_file_prefix = str(Path(folder) / "profile")
            session = self._open(options)
            session.run(None, inputs)
            return read_profile(Path(session.end_profiling()), self._provider)

    def device_bytes(self) -> int | None:
        """None: onnxruntime does not tell."""
        return None

    def _options(self) -> Any:  # noqa: ANN401  # onnxruntime ships no types
        import onnxruntime  # noqa: PLC0415  # the models extra

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._place.threads
        # threads that spin take the processor from the other slots: as fast alone, and far worse tails beside another
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = _ERRORS_ONLY
        return options

    def _open(self, options: Any) -> Any:  # noqa: ANN401  # onnxruntime ships no types
        import onnxruntime  # noqa: PLC0415  # the models extra

        providers = [with_options(self._provider), *([(CPU, {})] if self._provider != CPU else [])]
        try:
            session = onnxruntime.InferenceSession(self._model, options, providers=providers)
        except Exception as error:
            raise BadInputError(self._why_not(error)) from error
        session.disable_fallback()
        if self._provider not in session.get_providers():
            raise RanElsewhereError(
                f"{self._provider} did not start in this onnxruntime, which would have used the CPU "
                "(a library or driver that it needs is missing; the log has onnxruntime's message)"
            )
        return session

    def _why_not(self, error: Exception) -> str:
        text = " ".join(str(error).split())[:600]
        kind = type(error).__name__
        if kind == "NotImplemented" or (self._precision != "fp32" and kind in ("InvalidGraph", "Fail")):
            return f"unsupported: {self._provider} has not all operators of this model in {self._precision}: {text}"
        return f"onnxruntime cannot load the model: {text}"
