from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dtf.storage.ledger import Ledger, open_ledger
from tests.integration.ledger.laboratory import Laboratory
from tests.support.browsers import need_browser
from tests.support.dashboard import Served, embedded, serving


@pytest.fixture
def lab(ledger: Ledger) -> Laboratory:
    """The usual steps over an empty ledger, on each database."""
    return Laboratory(ledger)


@pytest.fixture
def served(lab: Laboratory, tmp_path: Path) -> Iterator[Served]:
    """A dashboard over that ledger, where no cluster runs."""
    with serving(embedded(tmp_path / "state"), lab.ledger) as found:
        yield found


@pytest.fixture
def opened(sqlite_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    ledger = open_ledger(sqlite_url)
    yield ledger
    ledger.close()


@pytest.fixture
def page() -> Iterator[Any]:
    """A page of a real browser, with a list of what went wrong in it."""
    choice = need_browser("chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=choice.executable or None, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(60_000)
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda told: page.complaints.append(told.text) if told.type == "error" else None)
        yield page
        browser.close()
