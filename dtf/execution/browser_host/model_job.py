"""What is asked of a model in a browser."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dtf.domain.errors import BadInputError
from dtf.execution.browser_host.placement import PROVIDERS

#: The largest error that passes, as a share of the output's largest magnitude: float32 everywhere, but GPUs add in
#: other orders and have shorter exponentials, and WebNN hands the graph to whatever the machine has.
TOLERANCES: Mapping[str, float] = {"wasm": 1e-4, "webgpu": 1e-3, "webnn": 1e-3}
_DEVICES = ("cpu", "gpu", "npu")
_MOST_BATCH = 9999


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelJob:
    """What is asked for.

    Attributes:
        target: A built-in model, or a file below the working directory.
        provider: One of ``PROVIDERS``.
        tolerance: The largest error that passes.
        seed: Of the inputs, and of a built-in model's weights.
        device: What WebNN is asked for; it proves nothing about what it uses.
        batch: The size of the batch.
    """

    target: str
    provider: str
    tolerance: float
    seed: int = 0
    device: str = "cpu"
    batch: int = 1


def read_job(arguments: Mapping[str, Any]) -> ModelJob:
    """Read the order's arguments, which are those of ``BrowserWork``.

    Raises:
        BadInputError: They say something that there is not.
    """
    provider = str(arguments.get("provider", "webgpu"))
    if provider not in PROVIDERS:
        raise BadInputError(
            f"there is no provider {provider[:40]!r} for models in browsers; write {', '.join(PROVIDERS)}"
        )
    pairs = dict(str(word).partition("=")[::2] for word in arguments.get("args", ()))
    device, batch = pairs.pop("device", "cpu"), pairs.pop("batch", "1")
    if pairs or device not in _DEVICES or not (batch.isdigit() and 1 <= int(batch) <= _MOST_BATCH):
        raise BadInputError("a model's args are device=cpu, gpu or npu (for webnn) and batch=N with N from 1 to 9999")
    tolerance = arguments.get("tolerance")
    return ModelJob(
        target=str(arguments.get("target", "")),
        provider=provider,
        tolerance=TOLERANCES[provider] if tolerance is None else float(tolerance),
        seed=int(arguments.get("seed", 0)),
        device=device,
        batch=int(batch),
    )
