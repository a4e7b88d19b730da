"""`python -m tools.acceptance`: kills, the session fixture, a third-party suite, warm browsers, injections."""

import argparse
import importlib.util
import random
import sys
from pathlib import Path

from tests.acceptance.harness.kills import KILLED
from tools.acceptance.breaker_gate import breaker_gate
from tools.acceptance.browser_models import browser_models
from tools.acceptance.browsers import browsers
from tools.acceptance.early_warning import early_warning
from tools.acceptance.injections import injections
from tools.acceptance.kills import kills
from tools.acceptance.learning import learning
from tools.acceptance.suites import same_as_pytest, session_fixture

CONFORMANCE = Path(__file__).resolve().parents[2] / "examples" / "onnx_conformance"
WHAT = ["kills", "fixture", "networkx", "browsers", "models", "injections"]
APART = ["breaker-gate", "learning", "early-warning"]


def main() -> None:
    """Run what is asked for; exit with 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=WHAT, help=", ".join([*WHAT, *APART]))
    parser.add_argument("--suite", type=Path, default=CONFORMANCE, help="the suite in which processes are killed")
    parser.add_argument("--role", action="append", choices=KILLED, help="only these")
    parser.add_argument("--times", type=int, default=5, help="how often each is killed")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--browser", default="", help="the browser that is measured: chromium; injections: all")
    parser.add_argument("--failure", default="", help="only failures with this in their name, as in 'gpu_error severe'")
    parser.add_argument("--pairs", type=int, default=7, help="cold launches against warm browsers")
    parser.add_argument("--jobs", type=int, default=300, help="browser jobs in a row")
    parser.add_argument("--rounds", type=int, default=1000, help="how often 16 processes ask a half-open breaker")
    parser.add_argument("--minutes", type=float, default=18.0, help="for how long workers fall ill: early-warning")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the random moments")
    given = parser.parse_args()
    print(f"seed {given.seed}")
    random.seed(given.seed)
    bad = 0
    if "kills" in given.what:
        bad += all_kills(given)
    if "fixture" in given.what:
        bad += session_fixture()
    if "models" in given.what:
        bad += browser_models()
    if "networkx" in given.what:
        spec = importlib.util.find_spec("networkx")
        bad += same_as_pytest(Path(spec.origin).parent) if spec and spec.origin else 1
    if "browsers" in given.what:
        bad += browsers(given.browser or "chromium", given.pairs, given.jobs)
    if "injections" in given.what:
        bad += injections(given.browser, given.failure)
    if "breaker-gate" in given.what:
        bad += breaker_gate(given.rounds)
    if "learning" in given.what:
        bad += learning()
    if "early-warning" in given.what:
        bad += early_warning(given.minutes)
    sys.exit(bool(bad))


def all_kills(given: argparse.Namespace) -> int:
    """Print a line for each disturbed run; return how many were wrong."""
    rows = []
    for row in kills(given.suite, tuple(given.role or KILLED), given.times, given.workers):
        rows.append(row)
        figures = f"killed at {row.at_s:5.1f} s, took {row.wall_s:5.1f} s ({row.longer_s:+5.1f})"
        print(f"{row.role:<12}{figures}, {row.attempts} attempts: {row.verdict}", flush=True)
    return sum(row.verdict != "ok" for row in rows)


if __name__ == "__main__":
    main()
