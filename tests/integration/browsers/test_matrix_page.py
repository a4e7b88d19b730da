from pathlib import Path

import pytest

from dtf.analysis.reports.matrix_html import matrix_html
from tests.support.browsers import need_browser
from tests.unit.analysis_reports.test_matrix_reports import hostile_matrix


def test_the_page_works_in_a_browser(tmp_path: Path) -> None:
    """Hostile names run nothing and load nothing; the page fits a phone, and is used with the keyboard alone."""
    choice = need_browser("chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    file = tmp_path / "matrix.html"
    file.write_text("".join(matrix_html(hostile_matrix())))
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=choice.executable or None, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 844})
        complaints: list[str] = []
        loaded: list[str] = []
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: loaded.append(request.url))
        page.goto(file.as_uri())
        widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        page.keyboard.press("Tab")
        page.keyboard.type("no such row")
        shown = page.locator("#shown").inner_text()
        visible = page.locator("#matrix tbody tr:visible").count()
        browser.close()
    assert (complaints, loaded) == ([], [file.as_uri()])
    assert widths[0] <= widths[1]
    assert (shown, visible) == ("0 of 1 rows", 0)
