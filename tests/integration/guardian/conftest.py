from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.guardian.laboratory import Laboratory


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Laboratory]:
    """A ledger, a worker's stand-in and what is needed to start guardians; all ended with the test."""
    laboratory = Laboratory(tmp_path)
    yield laboratory
    laboratory.close()
