"""Finds the browsers that are installed."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from dtf.execution.browser_host.choice import FIREFOX_CHANNEL, BrowserChoice

#: The programs of each browser, the first that is there counts.
_PROGRAMS = {
    "chromium": ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"),
    "headless-shell": ("chromium-headless-shell", "chrome-headless-shell", "headless_shell"),
    "firefox": ("firefox-esr", "firefox"),
}
_CHANNELS = {"firefox": FIREFOX_CHANNEL}
#: Where Playwright keeps the browsers that it has downloaded, below the cache directory.
_PLAYWRIGHTS = {
    "chromium": "ms-playwright/chromium-*/chrome-linux*/chrome",
    "headless-shell": "ms-playwright/chromium_headless_shell-*/chrome-*/*headless*shell",
}


def find_browsers(path: str | None = None, cache: Path | None = None) -> tuple[BrowserChoice, ...]:
    """The browsers of this machine, at most one of each name, without starting any.

    Args:
        path: Where programs are looked for, as in ``PATH``; None: this process's.
        cache: The user's cache directory; None: ``~/.cache``.
    """
    found = [
        BrowserChoice(browser=name, executable=program, channel=_CHANNELS.get(name, ""))
        for name, programs in _PROGRAMS.items()
        if (program := _on_path(programs, path) or _downloaded(name, cache or Path.home() / ".cache"))
    ]
    return tuple(found)


def _on_path(programs: Iterable[str], path: str | None) -> str:
    return next((place for program in programs if (place := shutil.which(program, path=path))), "")


def _downloaded(name: str, cache: Path) -> str:
    """The newest that Playwright has downloaded."""
    pattern = _PLAYWRIGHTS.get(name, "")
    return str(max(cache.glob(pattern), key=lambda program: program.stat().st_mtime, default="")) if pattern else ""
