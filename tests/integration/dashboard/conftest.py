from collections.abc import Iterator
from pathlib import Path

import pytest

from dtf.storage.ledger import Ledger
from tests.integration.ledger.laboratory import Laboratory
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
