"""What a worker reports of itself."""

import sys

from dtf.domain.worker import WorkerState
from tests.integration.guardian.laboratory import Laboratory, until

_MIB = 2**20
#: A program with 48 MiB, and one that it starts without its marks, with as much; both wait for a file.
_GROWS = """
import os, subprocess, sys, time
held = bytearray(b"x" * (48 << 20))
if len(sys.argv) == 1:
    subprocess.Popen([sys.executable, __file__, "child"], env={})
while not os.path.exists("enough"):
    time.sleep(0.02)
"""

#: A program that waits for a file.
_WAITS = """
import os, time
while not os.path.exists("enough"):
    time.sleep(0.02)
"""


def test_heartbeats_tell_the_memory_of_each_slot(lab: Laboratory) -> None:
    """All processes of a slot count, those too that hide whose they are; a slot without any is not in it."""
    (lab.work / "grows.py").write_text(_GROWS)
    guardian = lab.guardian(heartbeat_s=0.1)
    asker = lab.begin(guardian, lab.submit(sys.executable, str(lab.work / "grows.py")))

    def reported() -> dict[str, int]:
        (view,) = lab.ledger.views.workers()
        return dict(view.load.slot_memory_bytes) if view.load else {}

    until(lambda: reported().get("0", 0) > 96 * _MIB)
    assert set(reported()) == {"0"}
    (lab.work / "enough").touch()
    until(lambda: not reported())
    assert "PASSED" in asker.answer().upper()


def test_a_worker_that_an_operator_drains_finishes_what_it_has(lab: Laboratory) -> None:
    """It hears of it in its heartbeat, goes on with what runs, leaves hints to others, and so do later guardians."""
    (lab.work / "waits.py").write_text(_WAITS)
    guardian = lab.guardian(heartbeat_s=0.1)
    asker = lab.begin(guardian, lab.submit(sys.executable, str(lab.work / "waits.py")))
    until(lambda: guardian.client.status().shard_ids)
    lab.ledger.workers.set_state("w1", WorkerState.DRAINING)
    until(lambda: guardian.client.status().draining)
    later = lab.submit(sys.executable, "-c", "pass")
    refused = guardian.client.run_shard(later, "task-2", "cpu")
    assert (refused.claimed, refused.unserved) == (False, True)
    (lab.work / "enough").touch()
    assert "PASSED" in asker.answer().upper()
    guardian.popen.kill()
    guardian.popen.wait()
    again = lab.guardian(heartbeat_s=60.0)
    assert again.client.status().draining
    assert not again.client.run_shard(later, "task-3", "cpu").claimed
    (view,) = lab.ledger.views.workers()
    assert view.state is WorkerState.DRAINING
