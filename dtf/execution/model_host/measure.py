"""Times a loaded model."""

import gc
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dtf.analysis.quantiles import quantile
from dtf.domain.shard import Metric

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dtf.execution.model_host.subject import LoadedModel

_QUANTILES = (("p50", 0.50), ("p95", 0.95), ("p99", 0.99))


class TimeIsUpError(Exception):
    """The order's time limit has come."""


def measure(
    model: "LoadedModel",
    inputs: Mapping[str, "NDArray[Any]"],
    *,
    warm_up: int,
    iterations: int,
    deadline: float,
) -> list[float]:
    """Run a model and time each call, from inputs in host memory to outputs in host memory.

    Args:
        model: What to run.
        inputs: One batch.
        warm_up: Calls before the measured ones.
        iterations: Measured calls.
        deadline: When to give up, by the monotonic clock.

    Returns:
        The time of each call, in seconds.

    Raises:
        TimeIsUpError: The deadline came.
    """
    for _ in range(warm_up):
        _in_time(deadline)
        model.run(inputs)
    times = []
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()  # its pauses are Python's, not the model's
    try:
        for _ in range(iterations):
            _in_time(deadline)
            begin = time.perf_counter()
            model.run(inputs)
            times.append(time.perf_counter() - begin)
    finally:
        if was_enabled:
            gc.enable()
    return times


def latency_metrics(batch_size: int, times: list[float]) -> list[Metric]:
    """The figures of one batch size; ``docs/benchmarks.md`` lists the names.

    Args:
        batch_size: Items in a call.
        times: Of each call, in seconds.
    """
    at = f"[batch={batch_size}]"
    found = []
    for name, q in _QUANTILES:
        estimate = quantile(times, q)
        found.append(Metric(name=f"latency_{name}{at}", value=estimate.value, unit="s"))
        if estimate.low is not None:
            found.append(Metric(name=f"latency_{name}_low{at}", value=estimate.low, unit="s"))
        if estimate.high is not None:
            found.append(Metric(name=f"latency_{name}_high{at}", value=estimate.high, unit="s"))
    total = sum(times)
    if total > 0:
        found.append(Metric(name=f"throughput{at}", value=batch_size * len(times) / total, unit="items/s"))
    return found


def _in_time(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise TimeIsUpError
