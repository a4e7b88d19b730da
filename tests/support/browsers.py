"""The browsers that tests use."""

import importlib.util
import os
from typing import NoReturn

import pytest

from dtf.execution.browser_host.assets import AssetsMissingError, onnxruntime_web, sparticuz_chromium
from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.browser_host.find import find_browsers


def need_browser(name: str) -> BrowserChoice:
    """A browser of that name; without it, or without Playwright, the test is skipped, and fails in CI."""
    found = {choice.browser: choice for choice in find_browsers()}
    if name not in found or not importlib.util.find_spec("playwright"):
        _lack(f"needs the browser {name} and Playwright (`make browsers`)")
    return found[name]


def need_onnxruntime_web() -> None:
    """Skip the test without onnxruntime-web; in CI it fails."""
    try:
        onnxruntime_web()
    except AssetsMissingError as error:
        _lack(str(error))


def need_webnn() -> BrowserChoice:
    """The Chromium with WebNN; without it the test is skipped, and fails in CI."""
    found = sparticuz_chromium()
    if found is None or not importlib.util.find_spec("playwright"):
        _lack("needs the Chromium with WebNN and Playwright (`make browsers`)")
    return BrowserChoice(browser="sparticuz", executable=str(found))


def _lack(reason: str) -> NoReturn:
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(reason)
    pytest.skip(reason)
