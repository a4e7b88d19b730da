"""A pytest plugin that writes the outcome of each test into the file that OUTCOMES_FILE names."""

import json
import os
from pathlib import Path

import pytest

_OUTCOMES: dict[str, str] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what decides the test's outcome: the call, or whatever went wrong around it."""
    if report.when == "call" or not report.passed:
        _OUTCOMES[report.nodeid] = _outcome(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Note modules that skip themselves: pytest counts each as one skipped test."""
    if report.skipped:
        _OUTCOMES[report.nodeid] = "skipped"


def _outcome(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    if report.failed and report.when != "call":
        return "error"
    return report.outcome


def pytest_sessionfinish() -> None:
    """Write them down."""
    Path(os.environ["OUTCOMES_FILE"]).write_text(json.dumps(_OUTCOMES))
