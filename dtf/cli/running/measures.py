"""Prints what benchmarks measured."""

from collections.abc import Mapping, Sequence

from dtf.analysis.measures import Measures
from dtf.cli.terminal.figures import size
from dtf.cli.terminal.output import Output
from dtf.cli.terminal.table import table
from dtf.domain.proof import Standing

_TITLES = ("MODEL", "PRECISION", "ON", "BATCH", "P50", "P95", "P99", "ITEMS/S", "MEMORY", "ERROR", "RESULT")
#: Below so many seconds times are told in microseconds, and then in milliseconds.
_MICRO, _MILLI = 1e-3, 1.0


def print_measures(found: Sequence[Measures], output: Output) -> None:
    """Write a table: a line for each batch size, with intervals in brackets."""
    rows = [row for measures in found for row in _rows(measures)]
    if not rows:
        return
    for line in table(_TITLES, rows, output.table_width):
        output.line(line)


def _rows(measures: Measures) -> list[tuple[str, ...]]:
    head = (measures.work.model, measures.work.precision, _place(measures))
    result = str(measures.job.outcome or "unfinished")
    if not measures.of_batch:
        return [(*head, "-", "-", "-", "-", "-", "-", "-", result)]
    return [
        (
            *head,
            str(batch),
            *(_latency(found, name) for name in ("p50", "p95", "p99")),
            _rate(found.get("throughput")),
            _memory(measures),
            _error(measures),
            result,
        )
        for batch, found in sorted(measures.of_batch.items())
    ]


def _place(measures: Measures) -> str:
    kind = measures.standing
    return measures.job.spec.hardware + (f" ({kind})" if kind is not Standing.PROVEN else "")


def _latency(found: Mapping[str, float], name: str) -> str:
    if f"latency_{name}" not in found:
        return "-"
    value, low, high = (found.get(f"latency_{name}{end}") for end in ("", "_low", "_high"))
    if low is None and high is None:
        return seconds(value)
    return f"{seconds(value)} [{seconds(low)}, {seconds(high)}]"


def seconds(value: float | None) -> str:
    """``85 us``, ``1.23 ms``, ``2.5 s``; ``?`` when there are too few samples to tell."""
    if value is None:
        return "?"
    if value < _MICRO:
        return f"{value * 1e6:.3g} us"
    return f"{value * 1e3:.3g} ms" if value < _MILLI else f"{value:.3g} s"


def _rate(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _memory(measures: Measures) -> str:
    host, device = measures.figure("host_memory_peak"), measures.figure("device_memory_peak")
    parts = [size(host)] if host is not None else []
    if device is not None:
        parts.append(f"{size(device)} on the device")
    return " + ".join(parts) or "-"


def _error(measures: Measures) -> str:
    error, tolerance = measures.figure("parity_max_rel"), measures.figure("parity_tolerance")
    if tolerance is None:
        return "-"
    return f"{'not finite' if error is None else f'{error:.2g}'} (of {tolerance:g})"
