from collections.abc import Iterator

import pytest

from tests.acceptance.dashboard_lab.laboratory import HOSTILE, Lab, laboratory
from tests.acceptance.harness.pages import Browsed, browsing


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A cluster with two workers and one with a hostile name, its dashboard, and its ledger; nothing is left of it."""
    with laboratory(tmp_path_factory.mktemp("lab"), f"{HOSTILE}@vm") as found:
        yield found


@pytest.fixture
def pages(lab: Lab) -> Iterator[Browsed]:
    """A browser; whatever it complained about fails the test, and so does a name that acted."""
    with browsing(lab.base) as found:
        yield found
        assert not found.troubles
        assert not found.page.evaluate("window.hacked")
