from pathlib import Path

import pytest

from dtf.benchmarks.report.markdown import markdown
from dtf.benchmarks.simulation.faults import Scenario
from dtf.benchmarks.simulation.lab import Conditions
from dtf.benchmarks.simulation.measures import Measures
from dtf.benchmarks.simulation_report.results import J2, WAITING, Results
from dtf.benchmarks.simulation_report.runs import Cell, Figures, simulated
from dtf.benchmarks.simulation_report.story import make_page, verdicts
from dtf.benchmarks.simulation_report.variants import SIZES
from dtf.domain.errors import BadInputError

_SCENARIOS = (Scenario.OUTAGE, Scenario.QUIET)
_SHORT = Conditions(measured_s=60.0, warm_up_s=0.0)


def _cell(arm: str, seed: int, variant: str = "usual") -> Cell:
    return Cell(variant=variant, conditions=_SHORT, scenarios=_SCENARIOS, seed=seed, arm=arm)


def _figures(outage: float, quiet: float, waiting_s: float = 10.0) -> Figures:
    every = dict.fromkeys(Measures.__dataclass_fields__, 1.0)
    return {
        "outage": {**every, "j2": outage, "waiting_s": waiting_s},
        "quiet": {**every, "j2": quiet, "waiting_s": waiting_s},
    }


def _results(learned: tuple[float, float, float]) -> Results:
    runs = {}
    for seed in range(8):
        runs[_cell("none", seed)] = _figures(1000.0 + seed, 100.0)
        runs[_cell("strong fixed", seed)] = _figures(200.0 + seed, 50.0)
        runs[_cell("constants", seed)] = _figures(180.0 + seed, 45.0)
        runs[_cell("learned", seed)] = _figures(*learned)
    return Results(runs=runs)


def test_what_was_to_be_shown_is_judged_by_sums_over_scenarios_and_seeds() -> None:
    """Better overall, worse in one scenario, with longer waiting: two reached and two not."""
    results = _results((100.0, 60.0, 12.0))
    assert results.change("learned", "strong fixed", J2).value == pytest.approx(1280 / (8 * 250 + 28) - 1)
    assert results.estimate("learned", WAITING).value == 12.0
    found = list(verdicts(results))
    assert [one.reached for one in found] == [True, True, False, False]
    assert "the worst: quiet" in found[2].what
    assert [one.reached for one in verdicts(_results((100.0, 40.0, 9.0)))] == [True] * 4


def test_the_report_says_where_it_loses() -> None:
    """The scenario in which it is worse stands in the table of losses."""
    text = markdown(make_page(_results((100.0, 60.0, 12.0)), {"revision": "abc"}, None))
    assert "| usual | quiet | J2 | strong fixed | +20 % [+20, +20] |" in text
    assert "8 seeds of 2 scenarios with each of 4 arms" in text


def test_a_run_is_made_once_by_the_same_code_and_settings(tmp_path: Path) -> None:
    """The second time it is read; other conditions have another key; what is no raw data is told."""
    cell, told = _cell("none", 3), list[str]()
    first = simulated([cell], tmp_path, 1, told.append)
    again = simulated([cell], tmp_path, 1, told.append)
    assert first[cell].keys() == {"outage", "quiet"}
    assert first == again
    assert told[0] == "1 simulated runs, 0 of them are there already"
    assert told[-1] == "1 simulated runs, 1 of them are there already"
    other = Cell(variant="usual", conditions=Conditions(), scenarios=_SCENARIOS, seed=3, arm="none")
    assert other.key != cell.key
    (tmp_path / cell.file_name).write_text("[]")
    with pytest.raises(BadInputError, match="holds no raw data of a run"):
        simulated([cell], tmp_path, 1, told.append)


def test_every_size_has_the_arms_that_its_verdicts_need() -> None:
    """And names its runs' files so that none overwrites another."""
    for size in SIZES.values():
        assert {"none", "strong fixed", "constants", "learned"} <= set(size.arms)
        names = {
            _cell(arm, seed, variant).file_name for arm in size.arms for variant in size.conditions for seed in range(3)
        }
        assert len(names) == 3 * len(size.arms) * len(size.conditions)
