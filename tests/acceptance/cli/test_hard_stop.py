import json
import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import os, signal
from dtf.cli import interruption
from dtf.cli.running.hard_stop import HardStop

def end():
    {end}
    return "interrupted; all was ended"

interruption.begin(json_mode=True)
with HardStop(end, lambda: "left at once; the rest was killed"):
    try:
        os.kill(os.getpid(), signal.SIGINT)
    finally:
        print("unwound", flush=True)
"""


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("pass", "interrupted; all was ended"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "left at once; the rest was killed"),
        ("os.open('missing', 0)", "interrupted, and not everything could be ended: FileNotFoundError"),
    ],
    ids=["one", "a second one meanwhile", "one that fails"],
)
def test_the_command_ends_in_the_handler(tmp_path: Path, end: str, told: str) -> None:
    """Nothing of it unwinds; one sentence, of what is true, on both streams; a second signal does not wait."""
    argv = [sys.executable, "-P", "-c", _PROGRAM.format(end=end)]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (13, f"dtf: {told}\n")
    assert json.loads(done.stdout) == {"error": told, "exit_code": 13}
