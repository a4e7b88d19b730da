"""Simulated runs under several conditions, their raw data kept apart by the code that made them."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dtf.benchmarks.revision import code_digest
from dtf.benchmarks.simulation.run import planned, run_all
from dtf.benchmarks.simulation_report.sizes import Size
from dtf.benchmarks.whole_files import writing

#: What decides what a run comes to.
_PARTS: Final = (
    "benchmarks/simulation",
    "domain/breaker.py",
    "domain/evidence.py",
    "domain/learned.py",
    "learning",
    "resilience",
)

#: What a run came to: the measures of each scenario, by its name.
Figures = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """An arm, under some conditions, with a seed: over all scenarios one run of the benchmark."""

    variant: str
    seed: int
    arm: str


def code() -> str:
    """What the code of the simulation is."""
    return code_digest(_PARTS)


def simulated(
    size: Size, first: int, iterations: int | None, place: Path, processes: int, tell: Callable[[str], None]
) -> dict[Cell, Figures]:
    """All runs of a benchmark: those that are there, and the others, which are made.

    Args:
        size: How large it is.
        first: The first seed.
        iterations: How many seeds there are; None: as the size has it.
        place: The directory of the raw data.
        processes: How many runs are made at a time.
        tell: Is told how far it is, for people.

    Raises:
        BadInputError: Raw data cannot be read or written.
    """
    with writing(place):
        place.mkdir(parents=True, exist_ok=True)
    found: defaultdict[Cell, dict[str, Any]] = defaultdict(dict)
    for variant, conditions in size.conditions.items():
        seeds = range(first, first + (iterations or size.seeds_of(variant)))
        runs = planned(size.arms_of(variant), size.scenarios, seeds)
        file = place / raw_file(variant)
        there = len(file.read_text().splitlines()) - 1 if file.exists() else 0
        tell(
            f"conditions {variant!r}: {len(runs)} simulated runs, of this code {max(there, 0)} were made before; "
            f"each simulates {(conditions.warm_up_s + conditions.measured_s) / 60:.0f} minutes in a second or so"
        )
        for run, figures in run_all(runs, conditions, file, processes).items():
            found[Cell(variant=variant, seed=run.seed, arm=run.arm)][str(run.scenario)] = figures
    return dict(found)


def raw_file(variant: str) -> str:
    """The name of the raw data of runs under some conditions."""
    words = variant.replace("%", "").split()
    return f"{'-'.join(words)}-{code()}.jsonl"
