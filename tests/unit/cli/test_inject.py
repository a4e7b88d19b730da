import json

import pytest

from dtf.cli.main import run


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "give TYPE INTENSITY, or --seed N, or --list, or --counts"),
        (("gpu_eror", "severe"), "unknown type of failure 'gpu_eror' (did you mean 'gpu_error'?)"),
        (("gpu_error", "worst"), "unknown intensity 'worst'"),
        (("gpu_error",), "is not a failure to inject"),
        (("gpu_error", "severe", "--browser", "fierfox"), "unknown browser 'fierfox' (did you mean 'firefox'?)"),
        (("gpu_error", "severe", "--browser", "firefox"), "gpu_error severe is not available for firefox"),
        (("api_error", "mild", "module=yaml"), "means nothing to a browser"),
        (("crash", "mild", "--seed", "1"), "give TYPE INTENSITY, or --seed N"),
        (("crash", "mild", "--count", "2"), "--count goes with --seed"),
        (("--list", "--dry-run"), "--dry-run goes with"),
    ],
)
def test_what_cannot_be_injected(words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One message on standard error, exit status 2, and nothing is started."""
    assert run(["inject", *words]) == 2
    assert message in capsys.readouterr().err


def test_the_list_says_what_exists(capsys: pytest.CaptureFixture[str]) -> None:
    """18 for Chromium, 13 for Firefox, 17 for suites and commands; 8 are told to a breaker."""
    assert run(["inject", "--list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    counts = {target: sum(row["available"] for row in rows) for target, rows in found.items()}
    assert counts == {"chromium": 18, "firefox": 13, "pytest": 17, "command": 17}
    assert all(row["mechanism"] and bool(row["why_not"]) != row["available"] for rows in found.values() for row in rows)
    assert sum(row["recorded"] for row in found["chromium"]) == 8


def test_a_plan_is_told_and_nothing_touched(capsys: pytest.CaptureFixture[str]) -> None:
    """The same seed deals out the same failures, and none that the browser does not have."""
    words = ["inject", "--browser", "firefox", "--seed", "7", "--count", "13", "--dry-run", "--json"]
    told = []
    for _ in range(2):
        assert run(words) == 0
        told.append(json.loads(capsys.readouterr().out)["faults"])
    assert told[0] == told[1]
    assert len(set(told[0])) == 13
