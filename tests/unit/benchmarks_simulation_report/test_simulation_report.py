from dataclasses import replace

import pytest

from dtf.benchmarks.report.markdown import markdown
from dtf.benchmarks.simulation.measures import Measures
from dtf.benchmarks.simulation_report.results import J2, WAITING, Results
from dtf.benchmarks.simulation_report.runs import Cell, Figures, raw_file
from dtf.benchmarks.simulation_report.sizes import SIZES
from dtf.benchmarks.simulation_report.story import make_page
from dtf.benchmarks.simulation_report.verdicts import verdicts


def _cell(arm: str, seed: int) -> Cell:
    return Cell(variant="usual", seed=seed, arm=arm)


def _figures(outage: float, quiet: float, waiting_s: float = 10.0) -> Figures:
    every = dict.fromkeys(Measures.__dataclass_fields__, 1.0)
    return {
        "outage": {**every, "j2": outage, "waiting_s": waiting_s},
        "quiet": {**every, "j2": quiet, "waiting_s": waiting_s},
    }


def _results(learned: tuple[float, float, float]) -> Results:
    runs: dict[Cell, Figures] = {}
    for seed in range(8):
        runs[_cell("none", seed)] = _figures(1000.0 + seed, 100.0)
        runs[_cell("strong fixed", seed)] = _figures(200.0 + seed, 50.0)
        runs[_cell("constants", seed)] = _figures(180.0 + seed, 45.0)
        runs[_cell("learned", seed)] = _figures(*learned)
    return Results(runs=runs)


def test_what_was_to_be_shown_is_judged_by_sums_over_scenarios_and_seeds() -> None:
    """Better overall, worse in one scenario, with longer waiting everywhere."""
    results = _results((100.0, 60.0, 12.0))
    assert results.change("learned", "strong fixed", J2).value == pytest.approx(1280 / (8 * 250 + 28) - 1)
    assert results.estimate("learned", WAITING).value == 12.0
    found = list(verdicts(results))
    assert [one.reached for one in found] == [True, True, False, False, False]
    assert "the worst: quiet; 1 of 2 reach it" in found[3].what
    assert [one.reached for one in verdicts(_results((100.0, 40.0, 9.0)))] == [True] * 5


def test_what_is_missed_by_a_hair_does_not_look_reached() -> None:
    """A digit more, where whole per cents would tell the bar itself."""
    first = next(iter(verdicts(_results((140.0, 50.33, 9.0)))))
    assert (first.found, first.reached) == ("-24.9 % [-25.4, -24.4]", False)


def test_other_conditions_are_judged_too_and_the_worst_is_told() -> None:
    """What is reached under the usual conditions and nearly under another one is not reached there."""
    runs = dict(_results((100.0, 40.0, 9.0)).runs)
    for cell, figures in list(runs.items()):
        for variant, worse in (("load 30 %", 1.0), ("foreign faults", 1.5 if cell.arm == "learned" else 1.0)):
            worsened = {name: {**one, "j2": worse * one["j2"]} for name, one in figures.items()}
            runs[replace(cell, variant=variant)] = worsened
    found = {one.what: one for one in verdicts(Results(runs=runs))}
    against = next(one for what, one in found.items() if what.startswith("J2: at least 15 %") and "other" in what)
    assert not against.reached
    assert "(the worst: foreign faults; 1 of 2 reach it)" in against.what
    scenarios = next(one for what, one in found.items() if what.startswith("in no scenario over") and "other" in what)
    assert "the worst: foreign faults, quiet" in scenarios.what
    assert not scenarios.reached


def test_the_report_says_where_it_loses() -> None:
    """The scenario in which it is worse stands in the table of losses."""
    text = markdown(make_page(_results((100.0, 60.0, 12.0)), {"revision": "abc"}, None))
    assert "| usual | quiet | J2 | strong fixed | +20 % [+20, +20] |" in text
    assert "8 seeds of 2 scenarios with each of 4 arms" in text


def test_an_arm_that_was_not_run_under_all_conditions_is_compared_where_it_was() -> None:
    """The page is made, and tells of it under the conditions that it met."""
    runs = dict(_results((100.0, 60.0, 12.0)).runs)
    for cell, figures in list(runs.items()):
        if cell.arm != "constants":
            runs[replace(cell, variant="cold")] = figures
    runs |= {_cell("small window", seed): _figures(10.0, 5.0) for seed in range(8)}
    text = markdown(make_page(Results(runs=runs), {"revision": "abc"}, None))
    assert "| usual | outage | J2 | small window |" in text
    assert "| cold | outage | J2 | small window |" not in text


def test_every_size_has_the_arms_that_its_verdicts_need_and_raw_data_of_its_own() -> None:
    """No two conditions share a file; those that are not the usual ones get fewer seeds."""
    for size in SIZES.values():
        assert {"none", "strong fixed", "constants", "learned"} <= set(size.arms)
        assert len({raw_file(variant) for variant in size.conditions}) == len(size.conditions)
    comprehensive = SIZES["comprehensive"]
    assert (comprehensive.seeds_of("usual"), comprehensive.seeds_of("load 30 %")) == (32, 8)


def test_the_raw_data_are_a_row_for_each_run() -> None:
    """By the names of its columns, with all measures of the run."""
    table = _results((100.0, 60.0, 12.0)).to_json(("none",))["runs"]
    assert table["columns"][:4] == ["conditions", "seed", "arm", "scenario"]
    assert len(table["rows"]) == 8 * 2 * 4
    row = next(row for row in table["rows"] if row[2:4] == ["strong fixed", "quiet"])
    assert dict(zip(table["columns"], row, strict=True))["j2"] > 0
