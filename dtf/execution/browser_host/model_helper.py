"""Prepares a model for a browser and compares what came back: ``python -P -m dtf.execution.browser_host.model_helper``.

A process of its own, because a model can crash or stall the runtime that computes its reference, and because numpy,
onnx and onnxruntime would double the size of the process that drives the browser. It reads two lines of JSON and
answers each with one: what to prepare, then what the browser computed. Meanwhile it computes the reference.
"""

import json
import sys
from pathlib import Path
from typing import Any

from dtf.domain.errors import BadInputError
from dtf.execution.models.builtin import BUILTIN_MODELS, build_onnx, input_spec, make_inputs
from dtf.execution.models.inputs import parse
from dtf.execution.models.parity import Parity, compare, merge
from dtf.execution.models.reference import ReferenceModel

#: The model and its inputs below the folder that is served.
MODEL = "model.onnx"


class Helper:
    """One model and its reference.

    Args:
        folder: The model and its inputs are put below ``served``, and outputs are found below ``outputs``.
    """

    def __init__(self, folder: Path) -> None:
        self._served = folder / "served"
        self._outputs = folder / "outputs"
        self._model = b""
        self._inputs: dict[str, Any] = {}

    def prepare(self, target: str, workdir: str, seed: int, batch: int) -> dict[str, Any]:
        """Write the model and its inputs; tell what the browser is to feed it with.

        Raises:
            BadInputError: There is no such model, or none that dtf can make inputs for.
        """
        self._model, dimensions = _fixed(_load(target, Path(workdir), seed), batch)
        self._inputs = make_inputs(self._model, batch, seed)
        (self._served / MODEL).write_bytes(self._model)
        feeds = []
        for number, (name, value) in enumerate(self._inputs.items()):
            file = f"input-{number}.bin"
            (self._served / file).write_bytes(value.tobytes())
            feeds.append({"name": name, "type": str(value.dtype), "dims": list(value.shape), "file": file})
        return {"inputs": feeds, "dimensions": dimensions}

    def compare(self, runs: list[list[dict[str, Any]]], reference: Any, how: str) -> dict[str, Any]:  # noqa: ANN401
        """Compare the outputs of each run with the reference."""
        names = [one.name for one in parse(self._model).graph.output]
        worst = Parity()
        for run in runs:
            found = {one["name"]: one for one in run}
            if sorted(found) != sorted(names):
                worst = merge(worst, Parity(problem=f"the outputs are {sorted(found)}, not {sorted(names)}"))
                continue
            worst = merge(worst, compare(names, [self._read(found[name]) for name in names], reference))
        return {"max_abs": worst.max_abs, "max_rel": worst.max_rel, "problem": worst.problem, "how": how}

    def reference(self) -> Any:  # noqa: ANN401  # arrays, and how they were computed
        """Compute the reference."""
        return ReferenceModel(self._model).outputs(self._inputs)

    def _read(self, output: dict[str, Any]) -> Any:  # noqa: ANN401  # an array
        import numpy as np  # noqa: PLC0415  # the models extra

        raw = (self._outputs / Path(output["file"]).name).read_bytes()
        return np.frombuffer(raw, dtype=output["type"]).reshape(output["dims"])


def _load(target: str, workdir: Path, seed: int) -> bytes:
    if target in BUILTIN_MODELS:
        return build_onnx(target, seed)
    path = (workdir / target).resolve()
    if not target.startswith("/") and not path.is_relative_to(workdir.resolve()):
        raise BadInputError(f"the model {target!r} lies outside of the job's working directory")
    if not path.is_file():
        raise BadInputError(f"there is no model {target!r}: neither built in ({', '.join(BUILTIN_MODELS)}) nor a file")
    return path.read_bytes()


def _fixed(model: bytes, batch: int) -> tuple[bytes, dict[str, int]]:
    """The model, and the sizes of its named open dimensions; unnamed ones are written into it.

    WebNN takes no node whose sizes are open.
    """
    proto = parse(model)
    if any(one.external_data for one in proto.graph.initializer):
        raise BadInputError("the model keeps its weights in other files: save it as one file for browsers")
    named: dict[str, int] = {}
    unnamed = False
    sizes = {spec.name: spec.sized(batch) for spec in input_spec(model)}
    for one in proto.graph.input:
        dimensions = one.type.tensor_type.shape.dim
        for dimension, size in zip(dimensions, sizes.get(one.name, ()), strict=False):
            if dimension.dim_param:
                named[dimension.dim_param] = size
            elif not dimension.HasField("dim_value"):
                dimension.dim_value, unnamed = size, True
    return (proto.SerializeToString() if unnamed else model), named


def main(argv: list[str]) -> int:
    """Answer two lines."""
    helper = Helper(Path(argv[0]))
    try:
        _say(helper.prepare(**json.loads(sys.stdin.readline())))
        found = helper.reference()
        line = sys.stdin.readline()
        if line:
            _say(helper.compare(json.loads(line), found.outputs, found.how))
    except BadInputError as error:
        _say({"bad": str(error)})
    except ImportError as error:
        _say({"missing": f"models in browsers need the models extra of dtf (pip install 'dtf[models]'): {error}"})
    except Exception as error:  # noqa: BLE001  # onnx and onnxruntime raise what they like for a model that is wrong
        _say({"bad": f"the model cannot be used: {type(error).__name__}: {str(error)[:1000]}"})
    return 0


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)  # noqa: T201  # its caller reads it


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
