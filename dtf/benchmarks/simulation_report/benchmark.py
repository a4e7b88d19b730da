"""The benchmark by simulation, from what was asked for to the report."""

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from dtf.benchmarks.report.circumstances import circumstances
from dtf.benchmarks.report.comparison import FORMAT, compare, read_earlier
from dtf.benchmarks.report.page import Page
from dtf.benchmarks.report.write import write_report
from dtf.benchmarks.simulation_report.results import MEASURES, Results
from dtf.benchmarks.simulation_report.runs import code, simulated
from dtf.benchmarks.simulation_report.sizes import SIZES
from dtf.benchmarks.simulation_report.story import REFERENCES, make_page

#: What the JSON calls the reports of this benchmark.
KIND: Final = "simulation"
#: The names of the report's files by size: a smaller benchmark never replaces the report of a larger one.
NAMES: Final[Mapping[str, str]] = {
    "quick": "circuit_breaker_simulated_quick",
    "usual": "circuit_breaker_simulated_usual",
    "comprehensive": "circuit_breaker_simulated",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for.

    Attributes:
        size: A name in ``SIZES``.
        arms: The arms; empty: those of the size.
        seed: The first seed.
        iterations: How many seeds there are; None: as the size has it.
        earlier: The JSON of an earlier report; None: there is none.
        directory: Where the report goes.
        tell: Is told what goes on, for people.
    """

    size: str
    arms: tuple[str, ...]
    seed: int
    iterations: int | None
    earlier: Path | None
    directory: Path
    tell: Callable[[str], None]


def run_benchmark(asked: Asked) -> tuple[Page, tuple[Path, ...]]:
    """Make the runs that are not there yet, and write the report.

    Returns:
        The report and its files.

    Raises:
        BadInputError: A file cannot be used.
    """
    earlier = read_earlier(asked.earlier, KIND) if asked.earlier else None
    facts = circumstances("dtf", "river")
    name = NAMES[asked.size]
    raw = f"{name}_raw"
    size = SIZES[asked.size]
    if asked.arms:
        size = replace(size, arms=asked.arms)
    processes = len(os.sched_getaffinity(0))
    results = Results(runs=simulated(size, asked.seed, asked.iterations, asked.directory / raw, processes, asked.tell))
    figures = results.to_json(REFERENCES)
    labels = {measure.name: measure.label for measure in MEASURES}
    page = make_page(results, facts, compare(figures["totals"], earlier, labels) if earlier else None)
    data = {
        "format": FORMAT,
        "kind": KIND,
        "circumstances": facts,
        "code": code(),
        "seeds": {variant: results.seeds(variant) for variant in results.variants},
        "scenarios": results.scenarios,
        "verdicts": [asdict(verdict) for verdict in page.verdicts],
        **figures,
        "raw": raw,
    }
    return page, write_report(asked.directory, name, page, data)
