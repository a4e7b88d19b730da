"""Finds the model that a job names."""

import hashlib
from pathlib import Path

from dtf.domain.errors import BadInputError
from dtf.domain.work import BenchmarkWork
from dtf.execution.model_host.onnx_subject import OnnxSubject
from dtf.execution.model_host.subject import Subject
from dtf.execution.models.builtin import BUILTIN_MODELS, build_onnx
from dtf.execution.models.inputs import parse

_ONNX, _TORCH = "onnxruntime", "torch"
_TORCH_FILES = (".pt", ".pt2")


class SubjectFinder:
    """Finds models, and keeps the last one: jobs of one model follow each other."""

    def __init__(self) -> None:
        self._key = ""
        self._last: Subject | None = None

    def find(self, work: BenchmarkWork, workdir: Path) -> Subject:
        """The model of a job: a built-in, else a file in the working directory, else a hub's.

        Raises:
            BadInputError: There is none, or it cannot be read.
        """
        if work.runtime not in ("", _ONNX, _TORCH):
            raise BadInputError(f"there is no runtime {work.runtime[:40]!r}; there are {_ONNX} and {_TORCH}")
        path = workdir / work.model
        if work.model in BUILTIN_MODELS:
            key = f"{work.model} {work.seed} {work.runtime}"
        elif path.is_file():
            key = f"{_digest(path)} {work.runtime} {work.seed}"
        else:
            key = f"{work.model} {work.runtime}"
        if self._last is None or key != self._key:
            self._last, self._key = None, ""  # frees the earlier one first
            self._last, self._key = self._make(work, path), key
        return self._last

    def _make(self, work: BenchmarkWork, path: Path) -> Subject:
        if work.model in BUILTIN_MODELS:
            model = build_onnx(work.model, work.seed)
            if work.runtime != _TORCH:
                return OnnxSubject(model)
            from dtf.execution.model_host.torch_builtin import torch_builtin  # noqa: PLC0415  # torch, where wanted

            return torch_builtin(model)
        if path.is_file():
            return _from_file(work, path)
        looks_like_file = work.model.endswith((".onnx", *_TORCH_FILES)) or work.model.startswith((".", "/"))
        if looks_like_file:
            raise BadInputError(f"there is no model file {work.model!r} in {path.parent}")
        if work.runtime == _ONNX:
            raise BadInputError(f"{work.model!r} is no built-in and no file; models of the hub run on {_TORCH} only")
        from dtf.execution.model_host.hub import hub_subject  # noqa: PLC0415  # transformers, where wanted

        return hub_subject(work.model)


def _from_file(work: BenchmarkWork, path: Path) -> Subject:
    is_torch = path.suffix in _TORCH_FILES
    if is_torch and work.runtime == _ONNX:
        raise BadInputError(f"{work.model} is a file of torch; onnxruntime cannot run it")
    if is_torch:
        from dtf.execution.model_host.torch_file import torch_file  # noqa: PLC0415  # torch, where wanted

        return torch_file(path)
    if work.runtime == _TORCH:
        raise BadInputError(f"{work.model} is no file of torch ({', '.join(_TORCH_FILES)})")
    return OnnxSubject(_read_onnx(path))


def _read_onnx(path: Path) -> bytes:
    """The model with its external data inside."""
    from onnx import external_data_helper  # noqa: PLC0415  # the models extra

    content = path.read_bytes()
    proto = parse(content)
    if not any(external_data_helper.uses_external_data(one) for one in proto.graph.initializer):
        return content
    try:
        external_data_helper.load_external_data_for_model(proto, str(path.parent))
        return bytes(proto.SerializeToString())
    except Exception as error:
        raise BadInputError(f"{path.name}: its external data cannot be read: {error}") from error


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
