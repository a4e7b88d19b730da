import asyncio
import json
import math
import sys
from pathlib import Path

import numpy as np
import onnx
import psutil
from onnx import TensorProto, helper, numpy_helper

from dtf.domain import proof as words
from dtf.domain.outcome import Outcome
from dtf.domain.ports.executor import Vacates
from dtf.domain.worker import Device
from dtf.execution.models.builtin import build_onnx
from tests.integration.benchmarks.harness import Bed, figures, with_bed


def test_a_built_in_is_measured_and_proven(tmp_path: Path) -> None:
    """Every batch size has its figures, in order; the proof says what took the nodes."""

    async def work(bed: Bed) -> None:
        result = await bed.measure(model="cnn", batch_sizes=(1, 4), iterations=80)
        assert (result.outcome, result.reason) == (Outcome.PASSED, "")
        found = figures(result)
        for at in ("[batch=1]", "[batch=4]"):
            p50, p95, p99 = (found[f"latency_{name}{at}"] for name in ("p50", "p95", "p99"))
            assert 0 < found[f"latency_p50_low{at}"] <= p50 <= found[f"latency_p50_high{at}"]
            assert p50 <= p95 <= p99
            assert found[f"latency_p95_high{at}"] >= p95
            assert f"latency_p99_high{at}" not in found
            assert found[f"throughput{at}"] > 0
        assert found["parity_max_rel"] < found["parity_tolerance"] == 1e-4
        assert found["load_time"] > 0
        assert found["host_memory_peak"] > found["host_memory_increase"] >= 0
        assert result.max_rss_bytes >= found["host_memory_peak"] > 1e6
        assert result.cpu_s > 0
        providers = json.loads(result.proof[words.PROVIDERS])
        assert set(providers) == {"CPUExecutionProvider"}
        assert providers["CPUExecutionProvider"] >= 10
        assert result.proof[words.HARDWARE] == "cpu"
        assert result.proof["model_loaded"] == "yes"
        assert result.proof["reference"].startswith("float64")

    with_bed(tmp_path, work)


def test_jobs_of_one_model_share_a_loaded_model_and_a_failure_is_its_own(tmp_path: Path) -> None:
    """One process serves them all; an unsupported precision and wrong numbers in between change nothing."""

    async def work(bed: Bed) -> None:
        first = await bed.measure(model="mlp")
        unsupported = await bed.measure(model="mlp", precision="bf16")
        wrong = await bed.measure(model="mlp", tolerance=0.0)
        again = await bed.measure(model="mlp", batch_sizes=(2,))
        assert [one.outcome for one in (first, unsupported, wrong, again)] == [
            Outcome.PASSED,
            Outcome.ERROR,
            Outcome.FAILED,
            Outcome.PASSED,
        ]
        assert unsupported.reason.startswith("unsupported: CPUExecutionProvider")
        assert not unsupported.metrics
        assert "the tolerance is 0" in wrong.reason
        assert figures(wrong)["parity_max_abs"] > 0
        assert "load_time" in figures(first)
        assert "load_time" not in figures(again)
        assert again.proof["model_loaded"] == "no"
        assert len(bed.hosts) == 1
        assert bed.asked == 4

    with_bed(tmp_path, work)


def test_a_host_serves_as_many_jobs_as_the_limit_says(tmp_path: Path) -> None:
    """With the limit the process ends; without grouping each job has its own, and nothing follows on."""

    async def work(bed: Bed) -> None:
        for _ in range(3):
            assert (await bed.measure(model="mlp", batch_size_limit=2)).outcome is Outcome.PASSED
        assert (len(bed.hosts), bed.asked) == (2, 2)
        alone = await bed.measure(model="mlp", model_grouping=False)
        assert alone.proof["model_loaded"] == "no"  # of the batch before
        alone = await bed.measure(model="mlp", model_grouping=False)
        assert alone.proof["model_loaded"] == "yes"
        assert (len(bed.hosts), bed.asked) == (3, 2)

    with_bed(tmp_path, work)


def test_an_idle_host_ends(tmp_path: Path) -> None:
    """After its idle time the process is gone, and the next job gets another one."""

    async def work(bed: Bed) -> None:
        await bed.measure(model="mlp")
        await asyncio.wait_for(bed.spawner.started[0].wait(), 60)
        assert (await bed.measure(model="mlp")).proof["model_loaded"] == "yes"
        assert len(bed.hosts) == 2

    with_bed(tmp_path, work, idle_s=0.05)


def test_a_file_is_measured_with_its_external_data(tmp_path: Path) -> None:
    """Weights beside the model are found relative to it, and another interpreter needs no dtf."""
    (tmp_path / "models").mkdir()
    model = onnx.load_from_string(build_onnx("mlp", 0))
    onnx.save(model, str(tmp_path / "models/own.onnx"), save_as_external_data=True, location="weights.bin")

    async def work(bed: Bed) -> None:
        result = await bed.measure(model="models/own.onnx", python=sys.executable)
        assert (result.outcome, result.reason) == (Outcome.PASSED, "")
        assert "launch.py" not in bed.log.decode()

    with_bed(tmp_path, work)


def test_int8_is_measured_in_int8(tmp_path: Path) -> None:
    """Dynamic quantisation is what runs, by the types of the nodes."""

    async def work(bed: Bed) -> None:
        result = await bed.measure(model="bert", precision="int8")
        assert (result.outcome, result.reason) == (Outcome.PASSED, "")
        assert json.loads(result.proof["computed_in"])["int8"] >= 10
        assert 1e-4 < figures(result)["parity_max_rel"] < 0.15

    with_bed(tmp_path, work)


def test_a_missing_provider_ran_elsewhere(tmp_path: Path) -> None:
    """Nothing is measured on the CPU in place of the GPU, simulated or not."""
    device = Device(kind="cuda", name="Simulated GPU", uuid="SIMULATED-cuda-0", simulated=True)

    async def work(bed: Bed) -> None:
        result = await bed.measure(model="mlp")
        sentence = "CUDAExecutionProvider is not in this onnxruntime (available: CPUExecutionProvider)"
        assert (result.outcome, result.reason) == (Outcome.INFRA, f"ran elsewhere: {sentence}")
        assert result.proof[words.ELSEWHERE] == sentence
        assert result.proof[words.SIMULATED] == words.YES
        assert result.proof[words.DEVICE] == "SIMULATED-cuda-0"
        assert not result.metrics

    with_bed(tmp_path, work, hardware="gpu", devices=(device,))


def write_model(path: Path, *nodes: onnx.NodeProto) -> None:
    """A model from ``x`` [batch, 4] to ``y``."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.array([2, 2], dtype=np.int64), "shape")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))


def test_bad_models_are_told_one_by_one(tmp_path: Path) -> None:
    """Garbage, nothing, NaN, a failure while it runs, an operator nobody knows: each has its sentence."""
    (tmp_path / "garbage.onnx").write_bytes(bytes(range(256)) * 10)
    (tmp_path / "empty.onnx").touch()
    write_model(tmp_path / "nan.onnx", helper.make_node("Log", ["x"], ["y"]))
    write_model(tmp_path / "fails.onnx", helper.make_node("Reshape", ["x", "shape"], ["y"]))
    write_model(tmp_path / "unknown.onnx", helper.make_node("NoSuchOperator", ["x"], ["y"]))
    expected = {
        "garbage.onnx": (Outcome.ERROR, "this is no ONNX model"),
        "empty.onnx": (Outcome.ERROR, "this is no ONNX model"),
        "missing.onnx": (Outcome.ERROR, "there is no model file 'missing.onnx'"),
        "nan.onnx": (Outcome.FAILED, "NaN"),
        "fails.onnx": (Outcome.ERROR, "the model fails with a batch of 3"),
        "unknown.onnx": (Outcome.ERROR, "onnxruntime cannot load the model"),
        "no-such/hub-model": (Outcome.ERROR, "'no-such/hub-model' is no built-in model and no file"),
    }

    async def work(bed: Bed) -> None:
        for model, (outcome, words_of_it) in expected.items():
            result = await bed.measure(model=model, batch_sizes=(3,))
            assert result.outcome is outcome, model
            assert words_of_it in result.reason, model
            assert all(math.isfinite(metric.value) for metric in result.metrics)
        assert (await bed.measure(model="mlp")).outcome is Outcome.PASSED
        assert len(bed.hosts) == 1

    with_bed(tmp_path, work)


def test_a_browsers_hardware_is_refused(tmp_path: Path) -> None:
    """A benchmark on webgpu names the kind of job that can do it."""

    async def work(bed: Bed) -> None:
        result = await bed.measure(model="mlp")
        assert result.outcome is Outcome.ERROR
        assert "submit a job of type browser" in result.reason
        assert not bed.hosts

    with_bed(tmp_path, work, hardware="webgpu")


def test_a_slot_that_another_kind_of_job_gets_is_vacated(tmp_path: Path) -> None:
    """The guardian finds the method by its protocol, and the process is gone when it returns."""

    async def work(bed: Bed) -> None:
        assert isinstance(bed.executor, Vacates)
        await bed.measure(model="mlp")
        await bed.executor.vacate(0)
        assert not psutil.pid_exists(bed.hosts[0])

    with_bed(tmp_path, work)
