import math
from dataclasses import replace

import pytest

from dtf.analysis.matrix.column import Column
from dtf.analysis.matrix.entries import entries_of
from dtf.analysis.matrix.matrix import Matrix, make_matrix
from dtf.analysis.matrix.speed import words
from dtf.analysis.matrix.verdict import Verdict
from dtf.analysis.reports.matrix_words import cell_words
from dtf.domain.errors import BadInputError
from dtf.domain.injection import read_injection
from dtf.domain.outcome import Outcome
from dtf.domain.proof import Standing
from dtf.domain.work import BenchmarkWork, BrowserCheck, BrowserWork, CommandWork
from tests.unit.analysis_matrix.laboratory import CPU, CUDA, SIMULATED, SOFTWARE, Run, case

ADD = {"operator": "Add"}


def column(matrix: Matrix, title: str) -> Column:
    """The column with this title."""
    (found,) = [column for column in matrix.columns if column.title == title]
    return found


def verdicts(matrix: Matrix) -> dict[tuple[str, str], str]:
    """What the cells say by row and title."""
    return {(row, of.title): str(cell.verdict) for (row, of), cell in matrix.cells.items()}


def test_rows_are_operators_or_modules() -> None:
    """A test stands in the row that it names, else in that of its module; sorted whatever the case."""
    cases = (case("a", properties={"operator": "abs"}), case("b", properties={"row": "Zed"}), case("c"))
    matrix = make_matrix([Run().suite("cpu", CPU, *cases, case("d", properties={"operator": " ", "row": "B"})).facts()])
    assert matrix.rows == ("abs", "B", "test_a.py", "Zed")


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (("passed", "xpassed"), Verdict.SUPPORTED),
        (("passed", "skipped"), Verdict.PARTLY),
        (("skipped", "skipped"), Verdict.UNSUPPORTED),
        (("passed", "failed"), Verdict.FAILED),
        (("skipped", "timeout"), Verdict.FAILED),
        (("passed", "error"), Verdict.FAILED),
        (("infra",), Verdict.NOT_RUN),
        (("passed", "infra"), Verdict.SUPPORTED),
    ],
)
def test_the_gravest_case_decides(outcomes: tuple[str, ...], expected: Verdict) -> None:
    """A cell says what the worst of its cases says; what was lost says nothing."""
    cases = (case(f"t{n}", outcome, ADD) for n, outcome in enumerate(outcomes))
    matrix = make_matrix([Run().suite("cpu", CPU, *cases).facts()])
    (cell,) = matrix.cells.values()
    assert cell.verdict is expected
    assert cell.cases == len(outcomes)


@pytest.mark.parametrize("outcome", ["failed", "xfailed"])
@pytest.mark.parametrize(
    ("error", "tolerance", "expected"),
    [
        ("0.5", "0.1", Verdict.WRONG),
        ("nan", "0.1", Verdict.WRONG),
        ("inf", "0.1", Verdict.WRONG),
        ("0.05", "0.1", Verdict.FAILED),
        ("much", "0.1", Verdict.FAILED),
        ("0.5", "", Verdict.FAILED),
    ],
)
def test_wrong_is_an_error_above_its_tolerance(outcome: str, error: str, tolerance: str, expected: Verdict) -> None:
    """A failure is wrong numbers only where the numbers say so; a known difference is one as well."""
    told = {**ADD, "largest_error": error, "tolerance": tolerance}
    matrix = make_matrix([Run().suite("cpu", CPU, case("t", outcome, told)).facts()])
    assert [cell.verdict for cell in matrix.cells.values()] == [expected]


def test_a_wrong_cell_tells_its_largest_error() -> None:
    """Of several wrong cases the one counts that is worst against its tolerance; passing ones do not."""
    told = [("0.5", "0.4", "failed"), ("0.2", "0.01", "failed"), ("9", "10", "passed")]
    cases = [
        case(f"t{n}", outcome, {**ADD, "largest_error": error, "tolerance": tolerance}, message=f"m{n}")
        for n, (error, tolerance, outcome) in enumerate(told)
    ]
    matrix = make_matrix([Run().suite("cpu", CPU, *cases).facts()])
    (cell,) = matrix.cells.values()
    assert (cell.error, cell.tolerance, cell.reason) == (0.2, 0.01, "m0")
    assert cell_words(cell, matrix) == "2 of 3 wrong, error 0.2 (tolerance 0.01)"


def test_software_and_simulated_devices_are_columns_of_their_own() -> None:
    """They say so, come after the real one, and are never merged into it, even under one name."""
    run = Run().suite("cpu", CPU, case("a"))
    for proof in (SIMULATED, {**CUDA, "simulated": "yes"}, CUDA):
        run.suite("cuda", proof, case("a"))
    run.suite("webgpu", SOFTWARE, case("a"))
    matrix = make_matrix([run.facts()])
    assert [column.label for column in matrix.columns] == [
        "cpu: EPYC",
        "cuda: H200",
        "cuda (simulated): H200",
        "cuda (simulated): simulated GPU",
        "webgpu (software): SwiftShader in Chromium 156",
    ]
    stands = [cell.standing for cell in matrix.cells.values()]
    assert sorted(stands) == sorted(
        [Standing.PROVEN, Standing.PROVEN, Standing.SIMULATED, Standing.SIMULATED, Standing.SOFTWARE]
    )


def test_what_ran_elsewhere_is_not_supported() -> None:
    """Its cells say so, whatever the outcomes were."""
    run = Run().suite("cuda", {**CUDA, "elsewhere": "on the CPU"}, case("a"), case("b", "infra"))
    matrix = make_matrix([run.facts()])
    assert verdicts(matrix) == {("test_a.py", "cuda"): "ran elsewhere"}


def test_not_proven_is_told_where_something_ran() -> None:
    """A cell whose use of the device nothing shows says so, unless nothing ran in it."""
    run = Run().suite("rocm", {"device_name": "MI300"}, case("a"), case("b", "skipped", ADD))
    matrix = make_matrix([run.facts()])
    told = {row: cell_words(cell, matrix) for (row, _), cell in matrix.cells.items()}
    assert told == {"test_a.py": "supported, not proven", "Add": "unsupported"}


def test_speed_is_that_of_what_both_support() -> None:
    """The ratio is one of medians over the cases that pass in both columns."""
    run = Run().suite("cpu", CPU, case("a", seconds=1), case("b", seconds=3), case("c", "failed", seconds=99))
    run.suite("cuda", CUDA, case("a", seconds=0.1), case("b", seconds=0.3), case("c", seconds=500))
    matrix = make_matrix([run.facts()])
    cell = matrix.cells["test_a.py", column(matrix, "cuda")]
    assert cell.ratio == pytest.approx(0.1)
    assert cell.speed == "10x faster"
    assert matrix.cells["test_a.py", column(matrix, "cpu")].ratio is None


@pytest.mark.parametrize(
    ("ratio", "told"), [(None, ""), (1.0, "as fast"), (1.05, "as fast"), (2.14, "2.1x slower"), (0.02, "50x faster")]
)
def test_speed_in_words(ratio: float | None, told: str) -> None:
    """Small differences are none."""
    assert words(ratio) == told


def test_times_that_are_all_overhead_are_not_compared() -> None:
    """Tests of no length say nothing about speed."""
    run = Run().suite("cpu", CPU, case("a", seconds=0.0)).suite("cuda", CUDA, case("a", seconds=0.1))
    matrix = make_matrix([run.facts()])
    assert all(cell.ratio is None for cell in matrix.cells.values())


def test_the_reference_may_be_chosen() -> None:
    """It stands first; one that no run used is refused, and without cpu there is none by default."""
    run = Run().suite("cpu", CPU, case("a")).suite("cuda", CUDA, case("a", "failed"))
    matrix = make_matrix([run.facts()], "cuda")
    assert matrix.columns[0].hardware == "cuda"
    assert matrix.regressions == ()
    assert len(matrix.differences) == 1
    with pytest.raises(BadInputError, match="cpu, cuda"):
        make_matrix([run.facts()], "rocm")
    assert make_matrix([Run().suite("cuda", CUDA, case("a")).facts()]).reference is None
    empty = make_matrix([Run().facts()], "rocm")
    assert (empty.rows, empty.columns, empty.reference) == ((), (), None)


def test_of_several_references_the_real_and_fullest_counts() -> None:
    """A simulated reference is used only where there is no real one."""
    run = Run().suite("cuda", SIMULATED, case("a"), case("b", properties=ADD)).suite("cuda", CUDA, case("a"))
    matrix = make_matrix([run.facts()], "cuda")
    assert matrix.reference == Column(hardware="cuda", device="H200")


def test_differences_are_cases_and_worse_ones_come_first() -> None:
    """A case is compared with itself on the reference; what the reference does not support is no regression."""
    run = Run().suite("cpu", CPU, case("a"), case("b"), case("c", "failed"), case("d"), case("e"))
    others = (case("a", "skipped"), case("b", "failed"), case("c"), case("d"), case("new", "failed"))
    matrix = make_matrix([run.suite("cuda", CUDA, *others).facts()])
    told = [(one.here.name, one.here.verdict, one.reference, one.is_worse) for one in matrix.differences]
    assert told == [
        ("test_a.py::b", Verdict.FAILED, Verdict.SUPPORTED, True),
        ("test_a.py::a", Verdict.UNSUPPORTED, Verdict.SUPPORTED, False),
        ("test_a.py::c", Verdict.SUPPORTED, Verdict.FAILED, False),
    ]


def test_the_newest_result_of_a_cell_counts() -> None:
    """Older runs fill what the newest has not; a newest run that lost its results does not hide older ones."""
    old = Run(run_id="r1", created_at=1).suite("cpu", CPU, case("a", "failed"), case("b", properties=ADD))
    new = Run(run_id="r2", created_at=2).suite("cpu", CPU, case("a"))
    lost = Run(run_id="r3", created_at=3, expected=7).suite("cpu", CPU, case("a", "infra"))
    matrix = make_matrix([old.facts(), lost.facts(), new.facts()])
    assert [run.run_id for run in matrix.runs] == ["r3", "r2", "r1"]
    assert {row: (cell.run_ids, str(cell.verdict)) for (row, _), cell in matrix.cells.items()} == {
        "test_a.py": (("r2",), "supported"),
        "Add": (("r1",), "supported"),
    }
    assert matrix.missing == {"r3": 6, "r2": 0, "r1": 0}
    (cell,) = [cell for (row, _), cell in matrix.cells.items() if row == "Add"]
    assert cell_words(cell, matrix) == "supported, run r1"


def test_a_retry_of_some_cases_replaces_those_alone() -> None:
    """A cell of which a newer run has a part is made of both runs, and says so."""
    old = Run(run_id="r1", created_at=1).suite("cpu", CPU, case("a", "failed"), case("b"))
    new = Run(run_id="r2", created_at=2).suite("cpu", CPU, case("a"))
    matrix = make_matrix([old.facts(), new.facts()])
    (cell,) = matrix.cells.values()
    assert cell_words(cell, matrix) == "2 of 2 supported, runs r2 and r1"


def test_lost_attempts_stand_where_their_device_is() -> None:
    """A result whose attempt nobody knows stands with the tag's one real device, but not with a simulated one."""
    run = Run().suite("cuda", CUDA, case("a")).suite("cuda", None, case("b", "infra", ADD))
    assert [column.label for column in make_matrix([run.facts()]).columns] == ["cuda: H200"]
    run = Run().suite("cuda", SIMULATED, case("a")).suite("cuda", None, case("b", "infra", ADD))
    assert [column.label for column in make_matrix([run.facts()]).columns] == [
        "cuda (simulated): simulated GPU",
        "cuda, not run",
    ]


def test_models_are_compared_by_batch_size() -> None:
    """A benchmark's median latencies are compared batch by batch; its parity makes it wrong."""
    run = Run().work(
        "cpu",
        BenchmarkWork(model="bert", batch_sizes=(1, 8)),
        Outcome.PASSED,
        CPU,
        {"latency_p50[batch=1]": 2.0, "latency_p50[batch=8]": 8.0},
    )
    of_eight = BenchmarkWork(model="bert", batch_sizes=(8,))
    run.work("cuda", of_eight, Outcome.PASSED, CUDA, {"latency_p50[batch=8]": 2.0})
    parity = {"latency_p50[batch=1]": 1.0, "parity_max_rel": 0.5, "parity_tolerance": 0.1}
    run.work("rocm", BenchmarkWork(model="bert"), Outcome.FAILED, {"evidence": "x", "device_name": "MI"}, parity)
    web = BrowserWork(check=BrowserCheck.MODEL, target="bert", args=("batch=8",))
    run.work("webgpu", web, Outcome.PASSED, SOFTWARE, {"latency_p50_s": 24.0, "largest_error": 0.0, "tolerance": 1e-3})
    run.work("cuda", BenchmarkWork(model="bert", precision="fp16"), Outcome.PASSED, CUDA)
    matrix = make_matrix([run.facts()])
    told = {of.title: cell_words(cell, matrix) for (row, of), cell in matrix.cells.items() if row == "bert"}
    assert matrix.rows == ("bert", "bert fp16")
    assert told == {
        "cpu": "2 of 2 supported",
        "cuda": "supported, 4.0x faster",
        "rocm": "wrong, error 0.5 (tolerance 0.1)",
        "webgpu (software)": "supported, 3.0x slower",
    }


def test_a_job_without_measurements_has_its_outcome() -> None:
    """Checks, pages, commands and broken suites stand in a row of their own; a model in wasm is not one on WebGPU."""
    run = Run().work("webgpu", BrowserWork(check=BrowserCheck.WGSL), Outcome.PASSED, SOFTWARE)
    model = BrowserWork(check=BrowserCheck.MODEL, target="cnn", provider="wasm")
    run.work("webgpu", model, Outcome.PASSED, SOFTWARE)
    run.work("cpu", CommandWork(argv=("x",)), Outcome.TIMEOUT, CPU)
    run.work("rocm", CommandWork(argv=("x",)), Outcome.CANCELLED)
    run.work("cuda", CommandWork(argv=("x",)), None)
    assert verdicts(make_matrix([run.facts()])) == {
        ("WGSL check", "webgpu (software)"): "supported",
        ("cnn", "webgpu, wasm (software)"): "supported",
        ("job", "cpu"): "failed",
        ("job", "rocm, not run"): "not run",
        ("job", "cuda, not run"): "not run",
    }


def test_an_error_that_is_no_number_is_the_largest() -> None:
    """NaN outranks every number."""
    told = [("nan", "0.1"), ("5", "0.1")]
    cases = [
        case(f"t{n}", "failed", {**ADD, "largest_error": error, "tolerance": tolerance})
        for n, (error, tolerance) in enumerate(told)
    ]
    (cell,) = make_matrix([Run().suite("cpu", CPU, *cases).facts()]).cells.values()
    assert cell.error is not None
    assert math.isnan(cell.error)


DEGRADED = {**CPU, "degraded": "cuda -> cpu"}


def test_what_ran_on_fallback_hardware_fills_no_cell_of_what_was_asked_for() -> None:
    """It stands in a column of its own, shows nothing of the hardware, and is worse than on the reference."""
    run = Run().suite("cpu", CPU, case("a", properties=ADD), case("b", properties={"operator": "Mul"}))
    run.suite("cuda", CUDA, case("a", properties=ADD))
    run.suite("cuda", DEGRADED, case("b", properties={"operator": "Mul"}))
    matrix = make_matrix([run.facts()])
    assert verdicts(matrix) == {
        ("Add", "cpu"): "supported",
        ("Mul", "cpu"): "supported",
        ("Add", "cuda"): "supported",
        ("Mul", "cuda (degraded: cpu)"): "degraded",
    }
    assert matrix.verdict("Mul", column(matrix, "cuda")) is Verdict.NOT_RUN
    (worse,) = matrix.regressions
    assert worse.here.reason == "ran on fallback hardware (cuda -> cpu), as the breakers of its own were open"
    assert matrix.cells["Mul", column(matrix, "cuda (degraded: cpu)")].standing is Standing.DEGRADED


def test_fallback_hardware_is_no_reference_and_its_failures_are_told() -> None:
    """A failure on it is one; a measurement that passed there is degraded as well."""
    run = Run().suite("cuda", DEGRADED, case("a", "failed", ADD), case("b", "skipped", ADD))
    run.work("cuda", BenchmarkWork(model="mlp"), Outcome.PASSED, DEGRADED, {"latency_p50_s[batch=1]": 0.1})
    matrix = make_matrix([run.facts()])
    assert verdicts(matrix)["Add", "cuda (degraded: cpu)"] == "failed"
    assert verdicts(matrix)["mlp", "cuda (degraded: cpu)"] == "degraded"
    with pytest.raises(BadInputError, match="none of the runs used the reference"):
        make_matrix([run.facts()], "cuda")


def test_what_was_broken_on_purpose_is_left_out() -> None:
    """A job that asked for an injected failure says nothing about the hardware, passed or not."""
    run = Run().suite("cuda", CUDA, case("test_a"))
    assert len(list(entries_of(run.facts()))) == 1
    (job,) = run.jobs
    run.jobs[0] = replace(job, spec=replace(job.spec, inject=read_injection("timeout mild")))
    assert not list(entries_of(run.facts()))
