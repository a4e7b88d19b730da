"""Simulated runs: each seed of each arm over all scenarios, in several processes, and never twice by the same code."""

import json
import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from dtf.benchmarks.revision import code_digest, run_key
from dtf.benchmarks.simulation.faults import Scenario
from dtf.benchmarks.simulation.lab import Conditions
from dtf.benchmarks.simulation.simulate import simulate
from dtf.domain.errors import BadInputError

_PARTS: Final = (
    "benchmarks/simulation",
    "domain/breaker.py",
    "domain/evidence.py",
    "domain/learned.py",
    "learning",
    "resilience",
)
#: So many runs are made in this process: others take seconds to start.
_FEW: Final = 24

#: What a run came to: the measures of each scenario, by their names.
Figures = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One run of the benchmark: an arm, under some conditions, with a seed."""

    variant: str
    conditions: Conditions
    scenarios: tuple[Scenario, ...]
    seed: int
    arm: str

    @property
    def key(self) -> str:
        """What it is made from: a run with another key is no substitute."""
        told = (asdict(self.conditions), self.scenarios, self.seed, self.arm)
        return run_key(code_digest(_PARTS), *told)

    @property
    def file_name(self) -> str:
        """The name of its raw data."""
        words = f"{self.variant}-{self.seed}-{self.arm}".replace("%", "").replace(",", "").split()
        return "-".join(words) + ".json"

    def carry_out(self) -> dict[str, dict[str, Any]]:
        """Simulate it."""
        return {str(one): simulate(self.arm, one, self.seed, self.conditions).to_json() for one in self.scenarios}


def code() -> str:
    """What the code of the simulation is."""
    return code_digest(_PARTS)


def simulated(cells: Sequence[Cell], place: Path, processes: int, tell: Callable[[str], None]) -> dict[Cell, Figures]:
    """All runs: those that are there, and the others, which are made.

    Args:
        cells: Which.
        place: The directory of the raw data.
        processes: How many are made at a time.
        tell: Is told how far it is, for people.

    Raises:
        BadInputError: Raw data cannot be read.
    """
    place.mkdir(parents=True, exist_ok=True)
    found = {cell: figures for cell in cells if (figures := _known(cell, place)) is not None}
    missing = [cell for cell in cells if cell not in found]
    tell(f"{len(cells)} simulated runs, {len(found)} of them are there already")
    for number, (cell, figures) in enumerate(_made(missing, processes), start=1):
        _keep(cell, figures, place)
        found[cell] = figures
        if number % max(len(missing) // 10, 1) == 0:
            tell(f"{number} of {len(missing)} runs are made")
    return {cell: found[cell] for cell in cells}


def _made(cells: Sequence[Cell], processes: int) -> Iterator[tuple[Cell, Figures]]:
    if len(cells) <= _FEW or processes == 1:
        yield from ((cell, cell.carry_out()) for cell in cells)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        under_way = {pool.submit(cell.carry_out): cell for cell in cells}
        try:
            for done in as_completed(under_way):
                yield under_way[done], done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _known(cell: Cell, place: Path) -> Figures | None:
    file = place / cell.file_name
    try:
        told = json.loads(file.read_bytes())
        return dict(told["scenarios"]) if told["key"] == cell.key else None
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise BadInputError(f"{file} holds no raw data of a run ({error!r}): remove it, and it is made anew") from error


def _keep(cell: Cell, figures: Figures, place: Path) -> None:
    told = {"key": cell.key, "arm": cell.arm, "seed": cell.seed, "conditions": cell.variant, "scenarios": figures}
    part = place / f"{cell.file_name}.part"
    part.write_text(json.dumps(told, separators=(",", ":")) + "\n")
    part.replace(place / cell.file_name)
