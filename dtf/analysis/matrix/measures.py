"""What a model's measurements say, out of the metrics of its job."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dtf.domain.shard import Metric

#: A median latency in seconds, of each batch size, or of the one that a browser runs.
_OF_BATCH = re.compile(r"latency_p50\[(batch=[0-9]{1,9})\]")
_OF_BROWSER = "latency_p50_s"

#: The metrics of a largest error and of what it may be, the first that there is.
_ERRORS = ("parity_max_rel", "largest_error")
_TOLERANCES = ("parity_tolerance", "tolerance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Of one batch size, or of the whole job.

    Attributes:
        seconds: The median latency.
        error: The largest error against the reference.
        tolerance: What it may be.
    """

    seconds: float | None = None
    error: float | None = None
    tolerance: float | None = None


def measures_of(metrics: Iterable[Metric], batch: int = 1) -> dict[str, Measures]:
    """A job's measures by batch size (``batch=8``); without any latency one that has no name.

    Args:
        metrics: The job's.
        batch: The size of the one batch that a browser runs.
    """
    values = {metric.name: metric.value for metric in metrics}
    error = next((values[name] for name in _ERRORS if name in values), None)
    tolerance = next((values[name] for name in _TOLERANCES if name in values), None)
    latencies: dict[str, float | None] = {
        match[1]: value for name, value in values.items() if (match := _OF_BATCH.fullmatch(name))
    }
    if _OF_BROWSER in values:
        latencies.setdefault(f"batch={batch}", values[_OF_BROWSER])
    return {
        name: Measures(seconds=seconds, error=error, tolerance=tolerance)
        for name, seconds in (latencies or {"": None}).items()
    }
