"""Runs this suite with dtf and says what it shows; with --kill-one a worker is killed on the way."""

import argparse
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from importlib.metadata import version
from pathlib import Path

from operators import judge

HERE = Path(__file__).resolve().parent
DTF = str(Path(sys.executable).with_name("dtf"))
MEANING = {
    "supported": "every case passed",
    "in part": "some types or versions are not implemented, the rest passed",
    "wrong": "at least one case differs",
    "unsupported": "no case could run: missing, or only in a version older than the suite's",
}

NEXT_STEPS = f"""
Your own suite:   .venv/bin/dtf run path/to/tests --workers 2
Is it all there?  .venv/bin/dtf audit last
A report:         .venv/bin/dtf report last --format markdown
A cluster:        .venv/bin/dtf up --workers 2   and, in another terminal,   .venv/bin/dtf submit --task-file task.json
The same tests:   .venv/bin/python -m pytest {HERE.relative_to(Path.cwd()) if HERE.is_relative_to(Path.cwd()) else HERE}
More:             README.md, docs/README.md
"""


def main():
    """Run the suite, print the summary, and exit as ``dtf run`` did."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--workers", default="2", help="how many local workers")
    arguments.add_argument("--kill-one", action="store_true", help="kill one of them with SIGKILL on the way")
    given = arguments.parse_args()
    command = subprocess.Popen([DTF, "run", str(HERE), "--workers", given.workers])
    killed = given.kill_one and kill_one_worker(command)
    status = command.wait()
    if status in (0, 1):
        print_summary()
    if given.kill_one:
        print_audit(killed)
    if status == 0:
        print(NEXT_STEPS)
    sys.exit(status)


def kill_one_worker(command):
    """Wait until the suite is under way, and kill the main process of one worker; return whether one was killed."""
    while command.poll() is None:
        time.sleep(0.5)
        runs = ask("runs").get("runs")
        if runs and runs[0]["outcome"] is None and runs[0]["running"] + sum(runs[0]["cases"].values()) > 100:
            worker = next(worker for worker in ask("workers")["workers"] if worker["state"] == "online")
            os.kill(worker["pid"], signal.SIGKILL)
            print(f"\nKilled worker {worker['name']}, process {worker['pid']}, with SIGKILL.\n", flush=True)
            return True
    return False


def ask(*command):
    """What a dtf command answers as JSON; empty while there is nothing to ask yet."""
    answer = subprocess.run([DTF, *command, "--json"], capture_output=True, text=True, check=False)
    return json.loads(answer.stdout.splitlines()[-1]) if answer.returncode == 0 and answer.stdout else {}


def print_audit(killed):
    """Say whether a worker was killed, and what the audit of the run counts."""
    found = ask("audit", "last")
    print(
        "\nOne worker was killed on the way:" if killed else "\nThe run ended before a worker could be killed:", end=" "
    )
    print(f"{found['attempts']} attempts, {found['lost']} cases lost, {found['duplicated']} counted twice.")


def print_summary():
    """Print what the last run says about ONNX Runtime's operators, on one screen."""
    answer = subprocess.run([DTF, "report", "last", "--format", "json"], capture_output=True, text=True, check=True)
    report = json.loads(answer.stdout)
    outcomes = {case["nodeid"]: case["outcome"] for job in report["job_list"] for case in job["case_list"]}
    print(f"\nOperators of ONNX {version('onnx')} in ONNX Runtime {version('onnxruntime')} on the CPU")
    for name, operators in judge(outcomes).items():
        print(f"  {name:<12}{len(operators):>4}  {MEANING[name]}")
        if name in ("wrong", "unsupported") and operators:
            print(textwrap.fill(", ".join(operators), 110, initial_indent=" " * 18, subsequent_indent=" " * 18))


if __name__ == "__main__":
    main()
