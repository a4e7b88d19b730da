"""What a model's measurements say, out of the metrics of its job."""

import re
from collections.abc import Iterable, Sequence
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


def measures_of(metrics: Iterable[Metric], planned: Sequence[str]) -> dict[str, Measures]:
    """A job's measures by what it was to measure; what it came to no figures of is there without them.

    Args:
        metrics: The job's.
        planned: The names of what it was to measure, at least one: ``batch=8``. A browser runs the first.
    """
    values = {metric.name: metric.value for metric in metrics}
    error = next((values[name] for name in _ERRORS if name in values), None)
    tolerance = next((values[name] for name in _TOLERANCES if name in values), None)
    latencies = {match[1]: value for name, value in values.items() if (match := _OF_BATCH.fullmatch(name))}
    if _OF_BROWSER in values:
        latencies.setdefault(planned[0], values[_OF_BROWSER])
    return {name: Measures(seconds=latencies.get(name), error=error, tolerance=tolerance) for name in planned}
