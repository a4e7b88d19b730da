"""Where the figures of a report come from: the machine, the revision, the versions."""

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from dtf.domain.clock import Clock, SystemClock

_CHECKOUT = Path(__file__).parents[3]
_GIT_S = 10.0


def circumstances(*packages: str, clock: Clock | None = None) -> dict[str, str]:
    """The machine, the revision and the versions of packages; what a machine does not tell is left empty."""
    moment = datetime.fromtimestamp((clock or SystemClock()).now(), UTC)
    return {
        "written at": moment.isoformat(timespec="seconds"),
        "revision": _revision(),
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB",
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": ", ".join(f"{name} {number}" for name, number in _versions(packages).items()),
    }


def _versions(packages: tuple[str, ...]) -> Mapping[str, str]:
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # an extra
            found[name] = "not installed"
    return found


def _revision() -> str:
    """The checkout's commit, and whether its code differs from that; of an installed package there is none."""
    git = shutil.which("git")
    if git is None or not (_CHECKOUT / ".git").exists():
        return "not a checkout"
    commit = _git(git, "rev-parse", "HEAD")
    changed = _git(git, "status", "--porcelain", "--untracked-files=no", "--", "dtf")
    return f"{commit}, with changes in dtf/ that are not committed" if changed else commit


def _git(git: str, *arguments: str) -> str:
    done = subprocess.run([git, *arguments], cwd=_CHECKOUT, capture_output=True, text=True, check=False, timeout=_GIT_S)
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
