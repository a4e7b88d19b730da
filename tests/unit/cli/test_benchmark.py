from pathlib import Path

import pytest

from dtf.benchmarks.browsers.arms.catalogue import ARMS as BROWSER_ARMS
from dtf.benchmarks.report.page import Page, Verdict
from dtf.benchmarks.simulation.arms.catalogue import ARMS
from dtf.benchmarks.simulation_report import benchmark
from dtf.cli.main import run


def test_the_console_says_what_was_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the words of the report."""
    verdicts = tuple(
        Verdict(what=f"target {number}", found="-10 %", reached=reached, surely=True)
        for number, reached in enumerate((True, False, None))
    )
    page = Page(title="", lead="", verdicts=verdicts, sections=())
    monkeypatch.setattr(benchmark, "run_benchmark", lambda _asked: (page, (tmp_path / "report.html",)))
    assert run(["benchmark", "circuit-breaker", "--simulate", "--report-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[:3] == [
        "target 0: -10 %: reached",
        "target 1: -10 %: not reached",
        "target 2: -10 %: cannot be told",
    ]


def test_every_arm_can_be_chosen() -> None:
    """``--arms`` takes names with commas between them."""
    assert [name for name in (*ARMS, *BROWSER_ARMS) if "," in name] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--arms", "none,learned,none", "--simulate"), "'--arms': 'none' is named 2 times"),
        (("--browsers", "chromium, chromium"), "'--browsers': 'chromium' is named 2 times"),
        (("--failure-types", "crash,crash,crash"), "'--failure-types': 'crash' is named 3 times"),
        (("--seed", "abc"), "'--seed': 'abc' is no whole number from 0 to 2,147,483,648"),
        (("--seed", "-1"), "'--seed': '-1' is no whole number from 0"),
        (("--iterations", "1.5"), "'--iterations': '1.5' is no whole number from 1 to 1,000"),
    ],
)
def test_a_value_that_cannot_be_meant_is_quoted(
    words: tuple[str, ...], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, with exit status 2."""
    ended_soon = ("--report-dir", str(tmp_path), "--compare-with", str(tmp_path / "missing.json"))
    assert run(["benchmark", "circuit-breaker", *words, *ended_soon]) == 2
    seen = capsys.readouterr()
    assert told in seen.err
    assert (seen.out, seen.err.count("\n")) == ("", 1)
