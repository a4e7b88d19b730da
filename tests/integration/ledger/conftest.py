import pytest

from dtf.storage.ledger import Ledger
from tests.integration.ledger.laboratory import Laboratory


@pytest.fixture
def lab(ledger: Ledger) -> Laboratory:
    """The usual steps over an empty ledger, on each database."""
    return Laboratory(ledger)
