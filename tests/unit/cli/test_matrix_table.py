import pytest

from dtf.analysis.matrix.matrix import Matrix, make_matrix
from dtf.cli.running.matrix_table import print_matrix
from dtf.cli.terminal.output import Output
from tests.unit.analysis_matrix.laboratory import CPU, CUDA, SIMULATED, SOFTWARE, Run, case
from tests.unit.analysis_reports.test_matrix_reports import hostile_matrix


class Terminal(Output):
    """A terminal of 60 columns."""

    @property
    def table_width(self) -> int:
        """Sixty."""
        return 60


def many_columns() -> Matrix:
    """Two GPUs of one tag, and what is no hardware."""
    run = Run().suite("cpu", CPU, case("a"), case("b", properties={"operator": "Add" * 40}))
    for proof in (CUDA, {**CUDA, "device_name": "A100"}, SIMULATED):
        run.suite("cuda", proof, case("a", "failed", {"largest_error": "0.123456", "tolerance": "1e-3"}, message="m"))
    return make_matrix([run.suite("webgpu", SOFTWARE, case("a", "skipped", message="no")).facts()])


def test_the_table_fits_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Lines of the table are cut to the width; equal titles are numbered; the totals are there."""
    print_matrix(many_columns(), Terminal(), only_differing=False)
    told = capsys.readouterr().out
    table = told.split("\n\n")[1].splitlines()
    assert max(map(len, table)) <= 60
    assert "cuda #1: A100" in told
    assert "cuda #2: H200" in told
    assert "cuda (simulated): simulated GPU" in told
    assert "cpu (the reference): EPYC" in told
    assert "Worse than on the reference (3 cases):" in told
    assert told.splitlines()[-1] == "2 rows, 5 columns, 1 run"


def test_rows_that_agree_can_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """What is left out is counted."""
    run = Run().suite("cpu", CPU, case("a"), case("b", properties={"operator": "Add"}))
    run.suite("cuda", CUDA, case("a"), case("b", "failed", {"operator": "Add"}))
    print_matrix(make_matrix([run.facts()]), Output(), only_differing=True)
    told = capsys.readouterr().out
    assert "\ntest_a.py " not in told
    assert "(1 row on which all agree left out)" in told


def test_hostile_names_cannot_act_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing in a name moves the cursor or turns the text around."""
    print_matrix(hostile_matrix(), Output(), only_differing=False)
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "<script>" in told
