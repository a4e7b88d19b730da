"""Runs the simulation: ``python -m dtf.benchmarks.simulation --seeds 10000:10030 --out runs.jsonl``."""

import argparse
import sys
from pathlib import Path

from dtf.benchmarks.report.intervals import Estimate, ratio, ratio_change
from dtf.benchmarks.simulation.arms.catalogue import ARMS
from dtf.benchmarks.simulation.conditions import CONDITIONS
from dtf.benchmarks.simulation.faults import Scenario
from dtf.benchmarks.simulation.run import Figures, Run, planned, run_all
from dtf.domain.errors import BadInputError


def main() -> int:
    """Make the runs and print the tables."""
    asked = _parser().parse_args()
    low, high = (int(part) for part in asked.seeds.split(":"))
    arms = asked.arms.split("+") if asked.arms else list(ARMS)
    scenarios = [Scenario(name) for name in asked.scenarios.split(",")] if asked.scenarios else list(Scenario)
    runs = planned(arms, scenarios, range(low, high))
    try:
        found = run_all(runs, CONDITIONS[asked.conditions], asked.out, asked.processes)
    except BadInputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(tables(found, arms, scenarios, range(low, high)))
    return 0


def tables(found: dict[Run, Figures], arms: list[str], scenarios: list[Scenario], seeds: range) -> str:
    """J2 and waiting by arm and scenario, and how the last but two fixed ones compare with the learned one."""
    lines = []
    for name, top, bottom in (("J2", "j2", ""), ("waiting of a job, s", "waiting_s", "jobs")):
        lines.append(f"{name:32}" + "".join(f"{one:>10}" for one in [*scenarios, "all"]))
        for arm in arms:
            values = [_parts(found, arm, [one], seeds, top, bottom) for one in scenarios]
            values.append(_parts(found, arm, scenarios, seeds, top, bottom))
            lines.append(f"{arm:32}" + "".join(f"{_number(ratio(one)):>10}" for one in values))
        if "learned" in arms:
            lines += [_change(found, arm, scenarios, seeds, top, bottom) for arm in arms if arm != "learned"]
    return "\n".join(lines) + "\n"


def _change(found: dict[Run, Figures], arm: str, scenarios: list[Scenario], seeds: range, top: str, bottom: str) -> str:
    groups = [*([one] for one in scenarios), scenarios]
    changes = [
        ratio_change(_parts(found, "learned", one, seeds, top, bottom), _parts(found, arm, one, seeds, top, bottom))
        for one in groups
    ]
    whole = changes[-1]
    words = "" if whole.low is None or whole.high is None else f"  [{100 * whole.low:+.1f}, {100 * whole.high:+.1f}]"
    return f"learned against {arm:16}" + "".join(f"{_percent(one):>10}" for one in changes) + words


def _parts(
    found: dict[Run, Figures], arm: str, scenarios: list[Scenario], seeds: range, top: str, bottom: str
) -> tuple[list[float], list[float]]:
    runs = [[found[Run(arm=arm, scenario=one, seed=seed)] for one in scenarios] for seed in seeds]
    above = [sum(float(figures[top]) for figures in run) for run in runs]
    return above, [sum(float(figures[bottom]) for figures in run) if bottom else 1.0 for run in runs]


def _number(estimate: Estimate) -> str:
    return "-" if estimate.value is None else f"{estimate.value:.{0 if estimate.value >= 100 else 2}f}"


def _percent(estimate: Estimate) -> str:
    return "-" if estimate.value is None else f"{100 * estimate.value:+.1f} %"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dtf.benchmarks.simulation", description=__doc__)
    parser.add_argument("--seeds", required=True, metavar="FROM:TO", help="the seeds, without the last")
    parser.add_argument("--out", required=True, type=Path, help="the raw data; runs that it holds are not made again")
    parser.add_argument("--arms", metavar="A+B", help=f"of {', '.join(ARMS)}; all unless told")
    parser.add_argument("--scenarios", metavar="A,B", help=f"of {', '.join(Scenario)}; all unless told")
    parser.add_argument("--conditions", choices=CONDITIONS, default="usual", help="what the runs are like")
    parser.add_argument("--processes", type=int, default=2, help="how many runs are made at a time")
    return parser


if __name__ == "__main__":
    sys.exit(main())
