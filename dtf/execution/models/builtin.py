"""The models that come with dtf, made by code."""

from collections.abc import Callable, Mapping

from dtf.domain.errors import BadInputError
from dtf.execution.models.bert import build_bert
from dtf.execution.models.cnn import build_cnn
from dtf.execution.models.inputs import InputSpec, input_spec, make_inputs
from dtf.execution.models.mlp import build_mlp

__all__ = ["BUILTIN_MODELS", "InputSpec", "build_onnx", "input_spec", "make_inputs"]

_BUILDERS: Mapping[str, Callable[[int], bytes]] = {"mlp": build_mlp, "cnn": build_cnn, "bert": build_bert}

#: The names of the built-in models.
BUILTIN_MODELS = tuple(_BUILDERS)


def build_onnx(name: str, seed: int = 0) -> bytes:
    """Make a built-in model: opset 17, float32, with a dynamic batch; the same bytes for the same seed.

    Raises:
        BadInputError: There is no such model, or the seed is negative.
        ImportError: The ``models`` extra is not installed.
    """
    if name not in _BUILDERS:
        raise BadInputError(f"there is no built-in model {name[:80]!r}; there are {', '.join(BUILTIN_MODELS)}")
    if seed < 0:
        raise BadInputError(f"a seed is 0 or more, not {seed}")
    return _BUILDERS[name](seed)
