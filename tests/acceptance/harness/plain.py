"""What pytest itself says about a suite."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

_PLUGIN = Path(__file__).with_name("outcomes_plugin.py")


def plain_outcomes(suite: Path, *arguments: str, environment: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """Run plain pytest over a suite; return the outcome of each test by node id."""
    told = scratch / "plain.json"
    variables = dict(environment) | {"PYTHONPATH": str(_PLUGIN.parent), "OUTCOMES_FILE": str(told)}
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", _PLUGIN.stem, *arguments, str(suite)]
    done = subprocess.run(argv, cwd=suite, env=variables, capture_output=True, text=True, check=False)
    assert told.exists(), done.stdout[-2000:] + done.stderr[-2000:]
    outcomes: dict[str, str] = json.loads(told.read_text())
    return outcomes


def counted(outcomes: Mapping[str, str]) -> dict[str, int]:
    """How many tests had each outcome."""
    return dict(Counter(outcomes.values()))


def differences(plain: Mapping[str, str], ours: Mapping[str, str]) -> Sequence[str]:
    """The node ids whose outcomes differ, with both."""
    ids = sorted(plain.keys() | ours.keys())
    return [f"{i}: {plain.get(i)} / {ours.get(i)}" for i in ids if plain.get(i) != ours.get(i)]
