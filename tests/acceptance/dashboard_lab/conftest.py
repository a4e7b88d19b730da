from collections.abc import Iterator

import pytest

from dtf.bootstrap.ledger import ledger_at
from tests.acceptance.dashboard_lab.laboratory import HOSTILE, Lab
from tests.acceptance.harness.pages import Browsed, browsing, served
from tests.acceptance.harness.place import DTF, Place, until


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A cluster with two workers and one with a hostile name, its dashboard, and its ledger; nothing is left of it."""
    place = Place(tmp_path_factory.mktemp("lab"))
    try:
        up = place.start(DTF, "up", "--workers", "2")
        assert until(lambda: "is up:" in up.said, 120), up.said
        ledger = ledger_at(f"sqlite:///{place.state.resolve() / 'ledger.sqlite3'}")
        third = place.start(DTF, "worker", "--queues", "cpu", "--concurrency", "1", "--name", f"{HOSTILE}@vm")
        dashboard, base = served(place)
        found = Lab(place=place, base=base, ledger=ledger)
        assert until(lambda: len(found.online()) == 3, 120, every_s=0.5), third.said
        yield found
        ledger.close()
        for command in (dashboard, third, up):
            command.process.terminate()
            command.wait(60)
        place.assert_nothing_left()
    finally:
        place.kill_all()


@pytest.fixture
def pages(lab: Lab) -> Iterator[Browsed]:
    """A browser; whatever it complained about fails the test, and so does a name that acted."""
    with browsing(lab.base) as found:
        yield found
        assert not found.troubles
        assert not found.page.evaluate("window.hacked")
