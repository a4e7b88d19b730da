"""The dashboard's pages as people see them: the real command, and a real browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.acceptance.harness.place import DTF, Place, Started, until
from tests.support.browsers import need_browser

_FIGURES = """() => [...document.querySelectorAll('[data-metric]')].map(
    one => [one.dataset.metric, one.dataset.value, Number(one.dataset.asOf)])"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number on a page.

    Attributes:
        metric: What it is.
        value: Exactly; empty: it is not known.
        as_of: Of when, in seconds since the epoch; 0: it is not there yet.
    """

    metric: str
    value: str
    as_of: float


@dataclass(slots=True)
class Browsed:
    """A page of a dashboard.

    Attributes:
        base: The dashboard's address.
        page: The browser's page.
        troubles: What the browser complained about: errors of scripts, and what a policy kept out.
    """

    base: str
    page: Page
    troubles: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to a page, and wait until it is live."""
        self.page.goto(f"{self.base}{path}")
        self.page.wait_for_selector("#connection[data-state=live]")

    def figures(self) -> list[Figure]:
        """All numbers that stand on the page at one moment."""
        told: list[Any] = self.page.evaluate(_FIGURES)
        return [Figure(metric=metric, value=value or "", as_of=as_of or 0.0) for metric, value, as_of in told]

    def figure(self, metric: str) -> str:
        """One of them; empty: it is not there, or not known."""
        return next((one.value for one in self.figures() if one.metric == metric), "")

    def keys(self, place: str) -> list[str]:
        """The rows of the list in an element, in their order, when they have come."""
        self.settle(place)
        return self.keys_now(place)

    def keys_now(self, place: str) -> list[str]:
        """The rows of the table in an element, in their order."""
        found: list[str] = self.page.eval_on_selector_all(f"{place} tbody > tr", "rows => rows.map(r => r.dataset.key)")
        return found

    def settle(self, place: str) -> None:
        """Wait until a list has been asked for."""
        self.page.wait_for_selector(f"{place} table[aria-busy=false]", state="attached")


def served(place: Place, *options: str) -> tuple[Started, str]:
    """A dashboard on a port of its own, and its address without the last slash."""
    command = place.start(DTF, "dashboard", "--port", "0", *options)
    assert until(lambda: "dashboard: http" in command.said, 60), command.said
    found = re.search(r"dashboard: (http://\S+?)/\s", command.said)
    assert found is not None, command.said
    return command, found[1]


@contextmanager
def browsing(base: str) -> Iterator[Browsed]:
    """A browser with an empty page; without a browser the test is skipped, and fails in CI."""
    program = need_browser("chromium").executable
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(60_000)
        found = Browsed(base, page)
        page.on("pageerror", lambda error: found.troubles.append(str(error)))
        page.on("console", lambda told: found.troubles.append(told.text) if told.type == "error" else None)
        try:
            yield found
        finally:
            browser.close()
