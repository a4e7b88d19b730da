"""Many runs: arms, scenarios and seeds, in several processes, kept one by one so that they can be resumed."""

import json
import multiprocessing
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from typing import Any, Final

from dtf.benchmarks.simulation.faults import Scenario
from dtf.benchmarks.simulation.lab import Conditions
from dtf.benchmarks.simulation.simulate import simulate
from dtf.benchmarks.whole_files import append_line, writing
from dtf.domain.errors import BadInputError

_INTERRUPTS: Final = frozenset({signal.SIGINT})

#: What a run came to: ``Measures.to_json``.
Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of one arm."""

    arm: str
    scenario: Scenario
    seed: int


def planned(arms: Sequence[str], scenarios: Sequence[Scenario], seeds: Sequence[int]) -> list[Run]:
    """All runs, seed by seed: what is there when they are interrupted is paired."""
    return [Run(arm=arm, scenario=one, seed=seed) for seed in seeds for one in scenarios for arm in arms]


def run_all(runs: Sequence[Run], conditions: Conditions, file: Path, processes: int = 2) -> dict[Run, Figures]:
    """Make the runs that a file of raw data does not hold yet, and add them to it.

    Args:
        runs: Which.
        conditions: What they are like.
        file: One line of JSON for each run, below a line with the conditions. Made where it is missing.
        processes: How many are made at a time; with 1 in this process.

    Raises:
        BadInputError: The file holds something else, or runs under other conditions, or cannot be written.
    """
    told = json.loads(json.dumps(asdict(conditions)))
    known = _known(file, told)
    missing = [run for run in runs if run not in known]
    with writing(file):
        kept = file.open("ab", buffering=0)
    with kept:
        if not file.stat().st_size:
            _keep(kept, {"conditions": told})
        for run, figures in _made(missing, conditions, processes):
            known[run] = figures
            _keep(kept, {**asdict(run), "figures": figures})
    return {run: known[run] for run in runs}


def _made(runs: Sequence[Run], conditions: Conditions, processes: int) -> Iterator[tuple[Run, Figures]]:
    if processes == 1 or not runs:
        yield from ((run, _figures(run, conditions)) for run in runs)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_die_quietly)
    try:
        with _without_interrupts():
            found = pool.map(_figures, runs, [conditions] * len(runs), chunksize=4)
        yield from zip(runs, found, strict=True)
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Start processes inside: Ctrl-C reaches them all, and before they are ready each would tell its traceback."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _die_quietly() -> None:
    """In a process of the pool: from now on Ctrl-C ends it without a word; who started it has one."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPTS)


def _figures(run: Run, conditions: Conditions) -> Figures:
    return simulate(run.arm, run.scenario, run.seed, conditions).to_json()


def _known(file: Path, conditions: Mapping[str, Any]) -> dict[Run, Figures]:
    if not file.exists() or not file.stat().st_size:
        return {}
    try:
        lines = file.read_text().splitlines(keepends=True)
        if lines and not lines[-1].endswith("\n"):
            # whoever wrote it was killed: the last run is made again
            last = lines.pop()
            with writing(file):
                os.truncate(file, file.stat().st_size - len(last.encode()))
        if not lines:
            return {}
        first, *rest = [json.loads(line) for line in lines]
        found = {
            Run(arm=one["arm"], scenario=Scenario(one["scenario"]), seed=one["seed"]): one["figures"] for one in rest
        }
        same = first["conditions"] == conditions
    except (ValueError, KeyError, TypeError) as error:
        advice = "remove it, and they are made anew"
        raise BadInputError(f"{file} holds no raw data of simulated runs ({error!r}): {advice}") from error
    if not same:
        raise BadInputError(f"{file} holds runs under other conditions: give another file")
    return found


def _keep(file: FileIO, data: Mapping[str, Any]) -> None:
    append_line(file, json.dumps(data, separators=(",", ":")))
