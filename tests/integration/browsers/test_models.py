import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from dtf.domain.outcome import Outcome
from dtf.domain.proof import ELSEWHERE, EVIDENCE, PROVIDERS
from tests.integration.browsers.host_in_process import HostInProcess, open_host
from tests.support.browsers import need_browser, need_onnxruntime_web


@pytest.fixture(scope="module")
def host() -> Iterator[HostInProcess]:
    """A host with Chromium."""
    need_onnxruntime_web()
    with open_host(need_browser("chromium")) as opened:
        yield opened


def save(path: Path, nodes: list[Any], kind: int, shape: list[Any], weights: list[Any] | None = None) -> None:
    """Write a model with one input ``x`` and one output ``y`` of the same type and shape."""
    ends = [helper.make_tensor_value_info(name, kind, shape) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "made", ends[:1], ends[1:], weights or [])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def test_a_model_agrees_with_the_cpu(host: HostInProcess, tmp_path: Path) -> None:
    """A model of the job's own, with a size that has no name, passes on wasm with its figures, and proves no device."""
    scale = numpy_helper.from_array(np.full((3,), 2, dtype=np.float32), "scale")
    save(tmp_path / "own.onnx", [helper.make_node("Mul", ["x", "scale"], ["y"])], TensorProto.FLOAT, [None, 3], [scale])
    report = host.order("model", tmp_path, target="own.onnx", provider="wasm", args=["batch=5"], hardware="webgpu")
    assert (report.outcome, report.reason) == (Outcome.PASSED, "")
    metrics = {metric.name: metric.value for metric in report.metrics}
    assert 0 <= metrics["largest_error"] <= metrics["tolerance"] == 1e-4
    assert metrics["nodes"] == 1
    assert min(metrics["load_s"], metrics["first_run_s"], metrics["latency_p50_s"]) > 0
    assert json.loads(report.proof[PROVIDERS]) == {"CPUExecutionProvider": 1}
    assert EVIDENCE not in report.proof
    assert not (tmp_path / "kept").exists()


def test_a_wrong_model_fails(host: HostInProcess, tmp_path: Path) -> None:
    """An error above the tolerance is told with both; with a tolerance of nothing every rounding is an error."""
    report = host.order("model", tmp_path, target="mlp", provider="wasm", tolerance=0.0)
    assert report.outcome is Outcome.FAILED
    assert "the tolerance is 0" in report.reason


def test_nodes_that_fall_back_are_no_pass(host: HostInProcess, tmp_path: Path) -> None:
    """A model of which no node runs on WebGPU ran elsewhere: its right outputs prove nothing."""
    three = numpy_helper.from_array(np.array([3], dtype=np.int64), "three")
    save(tmp_path / "ints.onnx", [helper.make_node("Mod", ["x", "three"], ["y"])], TensorProto.INT64, [1, 4], [three])
    report = host.order("model", tmp_path, target="ints.onnx", provider="webgpu", hardware="webgpu")
    assert report.outcome is Outcome.INFRA
    assert report.reason.startswith("ran elsewhere: no node of the model ran on webgpu: 1 on CPUExecutionProvider")
    assert report.proof[ELSEWHERE]


def test_a_browser_without_webnn_says_so(host: HostInProcess, tmp_path: Path) -> None:
    """Where the browser has no WebNN nothing runs in its place."""
    report = host.order("model", tmp_path, target="mlp", provider="webnn", hardware="webnn")
    assert report.outcome is Outcome.INFRA
    assert report.reason.startswith("ran elsewhere: nothing could run on webnn")


@pytest.mark.parametrize(
    ("content", "provider", "outcome", "reason"),
    [
        (None, "wasm", Outcome.ERROR, "neither built in (mlp, cnn, bert) nor a file"),
        (b"no model", "wasm", Outcome.ERROR, "this is no ONNX model"),
        ("unknown operator", "wasm", Outcome.ERROR, "Nonsense"),
        (b"", "cuda", Outcome.ERROR, "no provider 'cuda'"),
    ],
)
def test_what_is_no_model_is_an_error(
    host: HostInProcess, tmp_path: Path, content: bytes | str | None, provider: str, outcome: Outcome, reason: str
) -> None:
    """What cannot be loaded is told, and charged to the job."""
    if isinstance(content, bytes):
        (tmp_path / "own.onnx").write_bytes(content)
    elif content:
        save(tmp_path / "own.onnx", [helper.make_node("Nonsense", ["x"], ["y"])], TensorProto.FLOAT, [1])
    report = host.order("model", tmp_path, target="own.onnx", provider=provider)
    assert report.outcome is outcome
    assert reason in report.reason


def test_without_onnxruntime_web_the_job_ends_at_once(host: HostInProcess, tmp_path: Path) -> None:
    """What set-up did not bring is named with what brings it; nothing is tried again for it."""
    report = host.order("model", tmp_path, target="mlp", provider="wasm", web_assets=str(tmp_path / "nothing"))
    assert report.outcome is Outcome.ERROR
    assert "make browsers" in report.reason


def test_a_model_that_takes_too_long_runs_into_its_limit(host: HostInProcess, tmp_path: Path) -> None:
    """The limit holds, whatever the model and its reference are busy with."""
    report = host.order("model", tmp_path, limit_s=2, target="cnn", provider="wasm", args=["batch=4096"])
    assert report.outcome is Outcome.TIMEOUT
