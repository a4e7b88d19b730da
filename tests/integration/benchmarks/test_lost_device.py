"""A model host whose device is lost."""

import sys
from pathlib import Path

import pytest

from dtf.domain.outcome import Outcome
from dtf.execution.executors import model_hosts
from tests.integration.benchmarks.harness import Bed, with_bed

#: A model host in which every model works until ``bad`` was measured, as on a device whose context is lost.
HOST = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
import numpy as np
from dtf.execution.host.serve import serve
from dtf.execution.model_host.bench import Bench
from dtf.execution.model_host.subject import Placement
from dtf.execution.models.reference import Reference

LOST = []

class Model:
    runtime, load_s, output_names = "fake 1", 0.1, ("y",)
    def run(self, inputs):
        if LOST:
            raise RuntimeError("CUDA failure 700: an illegal memory access was encountered ; GPU=0")
        return [inputs["x"]]
    def placement(self, inputs):
        return Placement(nodes={{"Fake": 1}}, types={{"float": 1}}, wanted="Fake")
    def device_bytes(self):
        return 4096

class Subject:
    digest = "sha256:0"
    def __init__(self, name):
        if name == "bad":
            LOST.append(name)
    def inputs(self, batch_size, seed):
        return {{"x": np.full((batch_size, 2), 1.0)}}
    def reference(self, inputs):
        return Reference(outputs=(inputs["x"],), how="by hand")
    def load(self, precision, place):
        return Model()

bench = Bench()
bench._finder.find = lambda work, _: Subject(work.model)
serve(int(sys.argv[sys.argv.index("--channel") + 1]), bench.handle)
"""


def test_the_next_job_of_the_batch_gets_a_new_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job that lost it is an error and claims nothing; the next one starts a host, and passes."""
    pytest.importorskip("numpy")
    script = tmp_path / "host.py"
    script.write_text(HOST.format(root=str(Path(__file__).parents[3])))
    monkeypatch.setattr(model_hosts, "_argv", lambda *_: (sys.executable, str(script)))

    async def work(bed: Bed) -> None:
        assert (await bed.measure(model="good")).outcome is Outcome.PASSED
        assert (bed.asked, len(bed.hosts)) == (1, 1)
        bad = await bed.measure(model="bad")
        assert bad.outcome is Outcome.ERROR
        assert "an illegal memory access was encountered" in bad.reason
        assert (bed.asked, len(bed.hosts)) == (1, 1)
        after = await bed.measure(model="good")
        assert (after.outcome, after.reason) == (Outcome.PASSED, "")
        assert len(bed.hosts) == 2

    with_bed(tmp_path, work, hardware="cuda")
