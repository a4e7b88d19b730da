"""The real dashboard as a process, for benchmarks."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from benchmarks.report import ROOT


@contextmanager
def dashboard(settings: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A dashboard that ends with this, and its port.

    Args:
        settings: dtf's environment variables; those that are set already are left out.

    Raises:
        SystemExit: It did not start.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DTF_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "dtf", "dashboard", "--port", "0"],
        env={**kept, **settings, "PYTHONPATH": str(ROOT)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        line = next((line for line in process.stdout or () if "dashboard: http" in line), "")
        if not line:
            raise SystemExit("the dashboard did not start")
        yield process, int(line.strip().rstrip("/").rpartition(":")[2])
    finally:
        process.terminate()
        process.wait(60)
