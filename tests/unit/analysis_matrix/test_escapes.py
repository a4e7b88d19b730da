"""What ended before it had figures, or tests, is compared with the reference all the same."""

import pytest

from dtf.analysis.matrix.matrix import make_matrix
from dtf.analysis.matrix.verdict import Verdict
from dtf.analysis.reports.matrix_markdown import matrix_markdown
from dtf.analysis.reports.matrix_words import cell_words
from dtf.cli.running.matrix_table import print_matrix
from dtf.cli.terminal.output import Output
from dtf.domain.outcome import Outcome
from dtf.domain.work import BenchmarkWork, BrowserCheck, BrowserWork, PytestWork
from tests.unit.analysis_matrix.laboratory import CPU, CUDA, SIMULATED, SOFTWARE, Run, case

CNN = BenchmarkWork(model="cnn", batch_sizes=(1, 8))
FIGURES = {"latency_p50[batch=1]": 0.1, "latency_p50[batch=8]": 0.3}
ELSEWHERE = {**SIMULATED, "elsewhere": "CUDAExecutionProvider is not in this onnxruntime"}
UNSUPPORTED = "unsupported: CPUExecutionProvider does not compute this model in fp16"
BROWSERS = {"device": "webgpu-a webgpu-b", "device_name": "Chromium 156; Firefox 153"}


@pytest.mark.parametrize(
    ("outcome", "proof", "verdict", "worse"),
    [
        (Outcome.INFRA, ELSEWHERE, Verdict.ELSEWHERE, 2),
        (Outcome.ERROR, CUDA, Verdict.FAILED, 2),
        (Outcome.TIMEOUT, CUDA, Verdict.FAILED, 2),
        (Outcome.CANCELLED, CUDA, Verdict.NOT_RUN, 0),
    ],
)
def test_a_benchmark_without_figures_is_compared(
    outcome: Outcome, proof: dict[str, str], verdict: Verdict, worse: int
) -> None:
    """Every batch size that it was to measure stands against that of the reference."""
    run = Run().work("cpu", CNN, Outcome.PASSED, CPU, FIGURES).work("cuda", CNN, outcome, proof)
    matrix = make_matrix([run.facts()])
    assert [(one.here.name, one.here.verdict, one.reference) for one in matrix.differences] == [
        ("batch=1", verdict, Verdict.SUPPORTED),
        ("batch=8", verdict, Verdict.SUPPORTED),
    ]
    assert len(matrix.regressions) == worse
    (cell,) = [cell for (_, column), cell in matrix.cells.items() if column.hardware == "cuda"]
    assert cell_words(cell, matrix) == f"2 of 2 {verdict}"


def test_a_browser_model_without_figures_is_compared() -> None:
    """A model that could not be loaded in a browser is worse than on the CPU."""
    model = BrowserWork(check=BrowserCheck.MODEL, target="cnn", args=("batch=8",))
    run = Run().work("cpu", CNN, Outcome.PASSED, CPU, FIGURES).work("webgpu", model, Outcome.ERROR, SOFTWARE)
    assert [one.here.title for one in make_matrix([run.facts()]).regressions] == ["cnn batch=8"]


def test_a_page_is_compared_whatever_it_measures() -> None:
    """Metrics that are called like a model's are a page's own, and give it no name."""
    page = BrowserWork(check=BrowserCheck.PAGE, target="page")
    run = Run().work("webgpu", page, Outcome.PASSED, SOFTWARE, {"latency_p50[batch=1]": 1.0, "latency_p50_s": 1.0})
    run.work("webnn", page, Outcome.FAILED, {"device_name": "WebNN"})
    assert len(make_matrix([run.facts()], "webgpu").regressions) == 1


def test_a_suite_that_came_to_no_tests_is_worse() -> None:
    """Where its tests are supported on the reference; where they are not, there is nothing to be worse than."""
    run = Run().suite("cpu", CPU, case("a")).work("cuda", PytestWork(), Outcome.ERROR, CUDA)
    assert [one.here.row for one in make_matrix([run.facts()]).regressions] == ["job"]
    run = Run().suite("cpu", CPU, case("a", "failed")).work("cuda", PytestWork(), Outcome.ERROR, CUDA)
    assert make_matrix([run.facts()]).differences == ()


def test_what_a_device_cannot_do_is_unsupported(capsys: pytest.CaptureFixture[str]) -> None:
    """The reason is told on the terminal and in Markdown, on the reference itself too; nothing is worse."""
    fp16 = BenchmarkWork(model="cnn", precision="fp16")
    run = Run().work("cpu", fp16, Outcome.ERROR, CPU, reason=UNSUPPORTED).work("cuda", fp16, Outcome.PASSED, CUDA)
    matrix = make_matrix([run.facts()])
    assert matrix.totals(matrix.columns[0]) == {Verdict.UNSUPPORTED: 1}
    assert matrix.regressions == ()
    print_matrix(matrix, Output(), only_differing=False)
    assert f"  cpu: unsupported: cnn fp16: {UNSUPPORTED}\n" in capsys.readouterr().out
    assert "unsupported: CPUExecutionProvider does not compute this model in fp16" in "".join(matrix_markdown(matrix))


def test_a_browser_that_was_never_chosen_names_no_column() -> None:
    """A job that was called off before it had one of its host's browsers stands under the tag alone."""
    run = Run().work("webgpu", BrowserWork(check=BrowserCheck.WGSL), Outcome.CANCELLED, {**BROWSERS, "software": "yes"})
    run.work("webgpu", BrowserWork(check=BrowserCheck.WGSL), Outcome.PASSED, SOFTWARE)
    run.work("webgpu", BrowserWork(check=BrowserCheck.PAGE, target="p"), Outcome.TIMEOUT)
    labels = [column.label for column in make_matrix([run.facts()]).columns]
    assert labels == ["webgpu (software): SwiftShader in Chromium 156", "webgpu, not run"]
