from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest

pytest.importorskip("onnxruntime")

import numpy as np

from dtf.domain.codec import to_json
from dtf.domain.errors import BadInputError
from dtf.domain.outcome import Outcome
from dtf.domain.work import BenchmarkWork
from dtf.execution.host.messages import Order, Report
from dtf.execution.model_host.bench import Bench
from dtf.execution.model_host.subject import Place, Placement
from dtf.execution.models.reference import Reference


class FakeModel:
    """A model on a device that this machine has not; it raises what it is told to."""

    runtime = "fake 1"
    load_s = 0.25
    output_names: Sequence[str] = ("y",)
    nodes: Mapping[str, int] = {"Fake": 3}

    def __init__(self, error: Exception | None, outputs: float) -> None:
        self._error = error
        self._outputs = outputs

    def run(self, inputs: Mapping[str, Any]) -> Sequence[Any]:
        if self._error:
            raise self._error
        return [inputs["x"] * self._outputs]

    def placement(self, inputs: Mapping[str, Any]) -> Placement:  # noqa: ARG002  # the protocol's
        return Placement(nodes=self.nodes, types={"float": 3} if self.nodes else {}, wanted="Fake")

    def device_bytes(self) -> int | None:
        return 4096


class FakeSubject:
    """A subject that gives a ``FakeModel``."""

    digest = "sha256:0"

    def __init__(self, error: Exception | None = None, outputs: float = 1.0) -> None:
        self.loads = 0
        self._model = FakeModel(error, outputs)

    def inputs(self, batch_size: int, seed: int) -> Mapping[str, Any]:
        return {"x": np.full((batch_size, 2), seed + 1.0)}

    def reference(self, inputs: Mapping[str, Any]) -> Reference:
        return Reference(outputs=(inputs["x"],), how="float64 by hand")

    def load(self, precision: str, place: Place) -> FakeModel:  # noqa: ARG002  # the protocol's
        self.loads += 1
        return self._model


def ask(
    bench: Bench, subject: FakeSubject, monkeypatch: pytest.MonkeyPatch, tag: str = "cuda", **work: object
) -> Report:
    """Have a subject measured."""
    monkeypatch.setattr(bench._finder, "find", lambda *_: subject)
    given = BenchmarkWork(**cast("dict[str, Any]", {"model": "fake", "iterations": 3, **work}))
    return bench.handle(Order(number=7, do="measure", arguments={"work": to_json(given), "tag": tag, "threads": 1}))


def test_a_model_is_loaded_once_for_a_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second job finds it warm and has no load time of its own; another precision is another load."""
    bench, subject = Bench(), FakeSubject()
    reports = [ask(bench, subject, monkeypatch, precision=one) for one in ("fp32", "fp32", "int8")]
    assert [report.proof["model_loaded"] for report in reports] == ["yes", "no", "yes"]
    assert subject.loads == 2
    load_times = [[one.value for one in report.metrics if one.name == "load_time"] for report in reports[:2]]
    assert load_times == [[0.25], []]
    assert ("device_memory_peak", 4096.0) in [(one.name, one.value) for one in reports[0].metrics]
    assert reports[0].proof["evidence"].startswith("Fake took 3 of 3 nodes")


def test_wrong_outputs_fail_with_their_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest error of all batch sizes is told, and the times are kept."""
    report = ask(Bench(), FakeSubject(outputs=1.5), monkeypatch, batch_sizes=(1, 2))
    assert report.outcome is Outcome.FAILED
    assert "0.5 of the largest output" in report.reason
    assert {"parity_max_abs", "latency_p50[batch=2]"} <= {one.name for one in report.metrics}


@pytest.mark.parametrize(("tag", "is_healthy"), [("cuda", False), ("cpu", True)])
def test_a_failure_on_a_device_costs_the_process(tag: str, is_healthy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lost context must not fail the next job; on the CPU there is none to lose."""
    report = ask(Bench(), FakeSubject(RuntimeError("CUDA failure 700")), monkeypatch, tag)
    assert (report.outcome, report.healthy) == (Outcome.ERROR, is_healthy)
    assert report.reason == "the model fails with a batch of 1: RuntimeError: CUDA failure 700"


@pytest.mark.parametrize(
    ("tag", "cause", "is_healthy"),
    [
        ("cuda", "CUDA failure 700: an illegal memory access was encountered", False),
        ("cuda", "Protobuf parsing failed", True),
        ("cpu", "CUDA failure 700: an illegal memory access was encountered", True),
    ],
)
def test_a_device_lost_while_a_model_is_loaded_costs_the_process(
    tag: str, cause: str, is_healthy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that cannot be loaded keeps the host, unless what it came from says that the context is lost."""
    subject = FakeSubject()

    def load(*_: object) -> FakeModel:
        raise BadInputError("onnxruntime cannot load it") from RuntimeError(cause)

    monkeypatch.setattr(subject, "load", load)
    report = ask(Bench(), subject, monkeypatch, tag)
    assert (report.outcome, report.healthy) == (Outcome.ERROR, is_healthy)


def test_what_nobody_thought_of_is_the_models_and_costs_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """An infrastructure failure would be tried again and again; a full disk is one."""
    bench, subject = Bench(), FakeSubject()
    monkeypatch.setattr(subject, "reference", lambda _: (_ for _ in ()).throw(KeyError("odd")))
    report = ask(bench, subject, monkeypatch)
    assert (report.outcome, report.healthy) == (Outcome.ERROR, False)
    assert "the model cannot be measured: KeyError: 'odd'" in report.reason
    monkeypatch.setattr(subject, "reference", lambda _: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space left"):
        ask(bench, subject, monkeypatch)


@pytest.mark.parametrize(
    ("tag", "word", "other"), [("cpu", "evidence", "placement"), ("cuda", "placement", "evidence")]
)
def test_a_model_without_a_node_passes_and_proves_no_device(
    tag: str, word: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that was folded to a constant ran on nothing else; on a device nothing shows that it was used."""
    monkeypatch.setattr(FakeModel, "nodes", {})
    report = ask(Bench(), FakeSubject(), monkeypatch, tag=tag)
    assert report.outcome is Outcome.PASSED
    assert (report.proof["providers"], report.proof[word]) == ("{}", "no node was left to run")
    assert other not in report.proof
    assert "elsewhere" not in report.proof


def test_an_unknown_order_is_refused() -> None:
    """The host knows one word."""
    with pytest.raises(BadInputError, match="does not know the order 'dance'"):
        Bench().handle(Order(number=1, do="dance"))


@pytest.mark.parametrize(("before", "known"), [(None, True), (1024, False)])
def test_gpu_memory_is_told_only_where_the_pid_is_ours(
    before: int | None, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container NVML may show another process under this one's pid, from before the first load on."""
    answers = iter([before, 2048])
    monkeypatch.setattr("dtf.execution.model_host.memory.gpu_bytes", lambda: next(answers))
    monkeypatch.setattr(FakeModel, "device_bytes", lambda _: None)
    report = ask(Bench(), FakeSubject(), monkeypatch)
    found = [one.value for one in report.metrics if one.name == "device_memory_peak"]
    assert found == ([2048.0] if known else [])
