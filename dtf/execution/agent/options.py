"""pytest's options that mean nothing, or something else, where many processes share a suite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

#: Options with which pytest runs no test, or waits at a terminal: where they are kept, and how they are written.
_REFUSED = {
    "collectonly": "--collect-only",
    "help": "--help",
    "version": "--version",
    "setupplan": "--setup-plan",
    "setuponly": "--setup-only",
    "showfixtures": "--fixtures",
    "show_fixtures_per_test": "--fixtures-per-test",
    "markers": "--markers",
    "cacheshow": "--cache-show",
}
_INTERACTIVE = {"usepdb": "--pdb", "trace": "--trace"}

#: Reports that each process would write over the other's, and how they are written.
_REPORTS = {
    "xmlpath": "--junitxml",
    "htmlpath": "--html",
    "report_log": "--report-log",
    "json_report": "--json-report",
    "benchmark_json": "--benchmark-json",
}

#: What depends on the results of the run before, which only one process could keep.
_MEMORIES = {
    "lf": "--last-failed",
    "failedfirst": "--failed-first",
    "newfirst": "--new-first",
    "stepwise": "--stepwise",
    "stepwise_skip": "--stepwise-skip",
}

#: The plugins of pytest that keep such results.
_MEMORY_PLUGINS = ("lfplugin", "nfplugin")


def refuse(option: Any) -> None:  # noqa: ANN401  # argparse's namespace
    """Refuse what runs no test.

    Raises:
        pytest.UsageError: There is such an option.
    """
    for name, written in _REFUSED.items():
        if getattr(option, name, None):
            raise pytest.UsageError(f"{written} runs no test; use pytest itself for it")
    for name, written in _INTERACTIVE.items():
        if getattr(option, name, None):
            raise pytest.UsageError(f"{written} needs a terminal, which these tests have not; use pytest itself for it")


def switch_off(option: Any, note: Callable[[str], None]) -> None:  # noqa: ANN401
    """Switch off what one process alone can do, and say so."""
    for name, written in _REPORTS.items():
        if getattr(option, name, None):
            setattr(option, name, None)
            note(f"pytest's report {written} is not written: no process has all results")
    for name, written in _MEMORIES.items():
        if getattr(option, name, None):
            setattr(option, name, False)
            note(f"{written} has no effect: pytest keeps no results of these runs")


def switch_off_coverage(option: Any, note: Callable[[str], None]) -> None:  # noqa: ANN401
    """Keep pytest-cov out before it begins: each process would write the same file."""
    if not getattr(option, "cov_source", None):
        return
    option.cov_source = []
    note("coverage (--cov) is not measured: run coverage around the suite's own process, or leave --cov out")
    limit = getattr(option, "cov_fail_under", None)
    if limit is not None:
        note(f"the limit --cov-fail-under={limit:g} was not checked")


def forget(config: Any) -> None:  # noqa: ANN401
    """Keep no results for the next run: a process has only its own."""
    for name in _MEMORY_PLUGINS:
        plugin = config.pluginmanager.getplugin(name)
        if plugin is not None:
            config.pluginmanager.unregister(plugin)
