"""What a model's measurements say, out of the metrics of its job."""

from collections.abc import Iterable
from dataclasses import dataclass

from dtf.domain.shard import Metric

#: The metric of a median latency in seconds, with the batch size in brackets where there are several.
_LATENCY = "latency_p50"

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


def measures_of(metrics: Iterable[Metric]) -> dict[str, Measures]:
    """A job's measures by what is in the brackets of its latencies (``batch=8``); one without a name at least."""
    values = {metric.name: metric.value for metric in metrics}
    error = next((values[name] for name in _ERRORS if name in values), None)
    tolerance = next((values[name] for name in _TOLERANCES if name in values), None)
    latencies: dict[str, float | None] = {
        name.removeprefix(_LATENCY).strip("[]"): value
        for name, value in values.items()
        if name == _LATENCY or name.startswith(_LATENCY + "[")
    }
    return {
        name: Measures(seconds=seconds, error=error, tolerance=tolerance)
        for name, seconds in (latencies or {"": None}).items()
    }
