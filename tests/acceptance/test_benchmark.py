"""Benchmarks of models by the real command, on the embedded cluster."""

import json
import os
import signal

import pytest

pytest.importorskip("onnxruntime")

from dtf.execution.models.builtin import build_onnx
from tests.acceptance.harness.place import DTF, Place, until

_SMALL = ("--iterations", "10", "--generate", "benchmark")


def test_models_are_measured_and_the_result_is_printed(place: Place) -> None:
    """A built-in and a file, each in two batch sizes; JSON has all figures, and the audit counts the jobs."""
    (place.directory / "own.onnx").write_bytes(build_onnx("mlp", 5))
    models = ("--model", "cnn", "--model", "own.onnx", "--batch-sizes", "1,4")
    done = place.dtf("submit", *_SMALL, *models, "--print-result", "--json")
    assert done.status == 0, done.out + done.err
    assert (done.answer["outcome"], done.answer["counts"]["passed"]) == ("passed", 2)
    for measures, model in zip(done.answer["measures"], ("cnn", "own.onnx"), strict=True):
        assert (measures["model"], measures["standing"], measures["outcome"]) == (model, "proven", "passed")
        found = {metric["name"]: metric["value"] for metric in measures["metrics"]}
        assert found["latency_p50[batch=4]"] > 0
        assert found["parity_max_rel"] < found["parity_tolerance"]
        assert json.loads(measures["proof"]["providers"])["CPUExecutionProvider"] > 0
    audit = place.dtf("audit", "last", "--json").answer
    assert (audit["ok"], audit["lost"], audit["duplicated"]) == (True, 0, 0)


def test_jobs_of_one_model_run_batched_and_a_failure_is_its_own(place: Place) -> None:
    """Six jobs load the model at most once a slot; one that fails in their midst changes nothing for the others."""
    tasks = [
        {"type": "benchmark", "name": f"mlp {size}", "config": {"model": "mlp", "batch_sizes": [size], "iterations": 5}}
        for size in range(1, 7)
    ]
    tasks[2]["config"]["tolerance"] = 0  # type: ignore[index]  # a mapping
    (place.directory / "tasks.json").write_text(json.dumps(tasks))
    done = place.dtf("submit", "--task-file", "tasks.json", "--print-result", "--json")
    assert done.status == 1, done.out + done.err
    outcomes = [measures["outcome"] for measures in done.answer["measures"]]
    assert outcomes == ["passed", "passed", "failed", "passed", "passed", "passed"]
    loaded = [measures["proof"]["model_loaded"] for measures in done.answer["measures"]]
    assert 1 <= loaded.count("yes") <= 2, loaded
    assert loaded.count("no") >= 4


def test_a_gpu_job_without_the_provider_ran_elsewhere(place: Place) -> None:
    """It is not passed on the CPU, and not tried again: the device is simulated, the missing provider is real."""
    place.environment["DTF_SIMULATE_DEVICES"] = "cuda:1"
    done = place.dtf("submit", *_SMALL, "--model", "mlp", "--hardware", "cuda", "--print-result", "--json")
    assert done.status == 10, done.out + done.err
    (measures,) = done.answer["measures"]
    assert (measures["outcome"], measures["standing"]) == ("infra", "ran elsewhere")
    assert measures["reason"].startswith("ran elsewhere: CUDAExecutionProvider is not in this onnxruntime")
    assert measures["metrics"] == []
    assert done.answer["attempts"] == 1


def test_periodic_submissions_are_runs_of_their_own(place: Place) -> None:
    """So many rounds, so many runs, each with its key; nothing waits for them; Ctrl-C ends the pause."""
    words = ("--model", "mlp", "--periodic", "0.1", "--max-iterations", "2", "--idempotency-key", "nightly")
    done = place.dtf("submit", *_SMALL, *words)
    assert done.status == 0, done.out + done.err
    assert "submitted 2 times" in done.err
    assert len(place.dtf("runs", "--json").answer["runs"]) == 2
    for_long = place.start(DTF, "submit", *_SMALL, "--model", "mlp", "--periodic", "3600")
    assert until(lambda: "1 job submitted" in for_long.said, 60), for_long.said
    os.kill(for_long.pid, signal.SIGINT)
    done = for_long.wait(60)
    assert (done.status, "submitted 1 time" in done.err) == (0, True), done.err
