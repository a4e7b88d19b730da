"""A terminal reporter that prints nothing."""

from __future__ import annotations

import os
from typing import Any

_NAME = "QuietReporter"


def silence(config: Any) -> None:  # noqa: ANN401  # pytest's types differ between its versions
    """Put a reporter without hooks in the place of pytest's.

    Suites and plugins ask for the plugin ``terminalreporter`` and write to it, so there has to be one; that it takes
    no part in the hooks saves its share of every test. Workers of pytest-xdist have none at all.
    """
    current = config.pluginmanager.getplugin("terminalreporter")
    if current is None or type(current).__name__ == _NAME:
        return
    from _pytest.terminal import TerminalReporter  # noqa: PLC0415  # only where the suite left it in

    hooks = {name: None for name in dir(TerminalReporter) if name.startswith("pytest_")}
    quiet = type(_NAME, (TerminalReporter,), hooks)
    config.pluginmanager.unregister(current)
    nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  # open as long as the process lives
    config.pluginmanager.register(quiet(config, nowhere), "terminalreporter")
