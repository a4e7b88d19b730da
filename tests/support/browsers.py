"""The browsers that tests use."""

import importlib.util
import os

import pytest

from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.browser_host.find import find_browsers


def need_browser(name: str) -> BrowserChoice:
    """A browser of that name; without it, or without Playwright, the test is skipped, and fails in CI."""
    found = {choice.browser: choice for choice in find_browsers()}
    if name in found and importlib.util.find_spec("playwright"):
        return found[name]
    reason = f"needs the browser {name} and Playwright (`make browsers`)"
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(reason)
    pytest.skip(reason)
