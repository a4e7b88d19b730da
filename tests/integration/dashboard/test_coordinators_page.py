from pathlib import Path
from typing import Any

from dtf.domain.ports.control import Presence
from dtf.storage.ledger import Ledger
from tests.support.dashboard import embedded, serving


def _told(page: Any, table: str) -> list[list[str]]:
    rows = page.locator(f"{table} tbody tr").all()
    return [[cell.inner_text() for cell in row.locator("td").all()] for row in rows]


def test_who_leads_who_stands_by_and_who_took_over(opened: Ledger, page: Any, tmp_path: Path) -> None:
    """The page names them as the ledger has them; when the lease was given back it says that nobody leads."""
    leadership = opened.leadership
    first = leadership.acquire("c1", 600, Presence(host="lab1", pid=11))
    assert first is not None
    leadership.release(first)
    leadership.leave("c1")
    second = leadership.acquire("c2", 600, Presence(host="<b>lab2</b>", pid=22))
    assert second is not None
    assert leadership.acquire("c3", 600, Presence(host="lab3", pid=33)) is None

    with serving(embedded(tmp_path / "state"), opened) as served:
        page.goto(f"http://127.0.0.1:{served.port}/lab/coordinators")
        page.locator("#who tbody tr").nth(1).wait_for()
        assert [row[:4] for row in _told(page, "#who")] == [
            ["c2", "leader", "<b>lab2</b>", "22"],
            ["c3", "standby", "lab3", "33"],
        ]
        assert [[row[1], row[2], row[4]] for row in _told(page, "#handovers")] == [
            ["2", "c2", "c1 gave the lease back"],
            ["1", "c1", "the first one, or the first that is still known"],
        ]
        left = page.locator("[data-metric='coordinators.lease_left_s']")
        assert 0 < float(left.get_attribute("data-value")) <= 600
        leadership.release(second)
        page.locator("[data-metric='coordinators.lease_over_s']").wait_for()
        assert page.locator("[data-metric='coordinators.leader']").inner_text() == "\u2013"
        assert "nobody leads" in page.locator("#lead").inner_text()
