"""Files of torch: exported programs (``.pt2``) and TorchScript (``.pt``)."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dtf.domain.errors import BadInputError
from dtf.execution.model_host.torch_import import import_torch
from dtf.execution.model_host.torch_subject import TorchSubject
from dtf.execution.models.inputs import InputSpec, make_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Beside TorchScript, which does not say what it takes: ``model.pt`` has ``model.pt.inputs.json``.
_SIDECAR = ".inputs.json"


def torch_file(path: Path) -> TorchSubject:
    """A subject of a file.

    Raises:
        BadInputError: It cannot be read.
    """
    digest = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    return _exported(path, digest) if path.suffix == ".pt2" else _scripted(path, digest)


def _exported(path: Path, digest: str) -> TorchSubject:
    torch = import_torch()
    try:
        program = torch.export.load(path)
        examples, keywords = program.example_inputs
    except Exception as error:
        raise BadInputError(f"torch cannot load {path.name} as an exported program: {_short(error)}") from error
    if keywords or not all(torch.is_tensor(one) for one in examples):
        raise BadInputError(f"{path.name} takes something else than tensors by place; dtf cannot make values for that")
    dynamic = _dynamic_batches(program, len(examples))

    def inputs(batch_size: int, seed: int) -> Mapping[str, "NDArray[Any]"]:
        return {
            f"input_{place}": _like(example, is_dynamic, batch_size, seed + place, f"input_{place}")
            for place, (example, is_dynamic) in enumerate(zip(examples, dynamic, strict=True))
        }

    return TorchSubject(digest, lambda: torch.export.load(path).module(), inputs)


def _dynamic_batches(program: Any, count: int) -> list[bool]:  # noqa: ANN401  # torch's
    """Whether the first dimension of each input is open."""
    names = list(program.graph_signature.user_inputs)[:count]
    values = {node.name: node.meta.get("val") for node in program.graph.nodes if node.op == "placeholder"}
    shapes: list[tuple[Any, ...]] = [getattr(values.get(name), "shape", ()) for name in names]
    return [bool(len(shape)) and not isinstance(shape[0], int) for shape in shapes]


def _like(example: Any, is_dynamic: bool, batch_size: int, seed: int, name: str) -> "NDArray[Any]":  # noqa: ANN401  # torch's
    """Values like the example that the program was exported with; whole numbers are drawn from its own."""
    import numpy as np  # noqa: PLC0415  # the models extra

    stream = np.random.default_rng(seed)
    array = example.detach().cpu().numpy()
    shape = array.shape
    if shape and is_dynamic:
        shape = (batch_size, *shape[1:])
    elif shape and shape[0] != batch_size:
        raise BadInputError(f"{name} has a fixed first dimension of {shape[0]}: a batch of {batch_size} does not fit")
    if array.dtype.kind == "f":
        return np.asarray(stream.standard_normal(shape)).astype(array.dtype)
    return np.asarray(stream.choice(array.reshape(-1), size=shape)).astype(array.dtype)


def _scripted(path: Path, digest: str) -> TorchSubject:
    torch = import_torch()
    specs = _sidecar(path.with_name(path.name + _SIDECAR))

    def module() -> Any:  # noqa: ANN401  # torch's
        try:
            return torch.jit.load(str(path), map_location="cpu").eval()
        except Exception as error:
            raise BadInputError(f"torch cannot load {path.name} as TorchScript: {_short(error)}") from error

    return TorchSubject(digest, module, lambda batch_size, seed: make_values(specs, batch_size, seed))


def _sidecar(path: Path) -> tuple[InputSpec, ...]:
    example = '[{"name": "x", "dtype": "float32", "shape": [null, 3, 32, 32]}]'
    try:
        return tuple(
            InputSpec(
                name=str(one["name"]),
                dtype=str(one["dtype"]),
                shape=tuple(None if size is None else int(size) for size in one["shape"]),
                below=int(one.get("below", 2)),
            )
            for one in json.loads(path.read_text())
        )
    except FileNotFoundError as error:
        raise BadInputError(
            f"TorchScript does not say what it takes: put its inputs into {path.name}, such as {example}"
        ) from error
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise BadInputError(f"{path.name} cannot be read ({error}); it looks like {example}") from error


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:400]
