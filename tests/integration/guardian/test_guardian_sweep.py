"""What a guardian kills at its start, and what it leaves alone."""

import os
import subprocess

import pytest

from dtf.execution.processes.owner_token import OWNER_VARIABLE
from dtf.processes.process_table import identify
from tests.integration.guardian.laboratory import Laboratory, is_running


def _sleeper(token: str | None) -> subprocess.Popen[bytes]:
    marks = {OWNER_VARIABLE: token} if token is not None else {}
    return subprocess.Popen(["/bin/sleep", "600"], env={"PATH": "/bin", **marks}, start_new_session=True)


@pytest.mark.parametrize(
    ("token", "killed"),
    [("w9:{dead}:1", True), ("w9:{here}:1", True), ("w9:{here}:{ticks}", False), ("somebody", False), (None, False)],
    ids=["dead guardian", "reused pid", "living guardian", "another's variable", "no token"],
)
def test_only_a_dead_guardians_processes_are_killed(lab: Laboratory, token: str | None, killed: bool) -> None:
    """A process is killed when the guardian in its token is gone, also if its pid is another's now; no other is."""
    with subprocess.Popen(["/bin/true"]) as ended:
        ended.wait()
    here = identify(os.getpid())
    text = token and token.format(dead=ended.pid, here=here.pid, ticks=here.start_ticks)
    sleeper = _sleeper(text)
    try:
        lab.guardian()
        assert is_running(sleeper.pid) is not killed
    finally:
        sleeper.kill()
        sleeper.wait()
