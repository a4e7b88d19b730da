"""Every test here starts real commands, in a place of its own, and leaves no process behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.harness.place import Place


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is below this directory."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.acceptance)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A place with a state directory of its own; whatever a failed test leaves is killed."""
    made = Place(tmp_path)
    yield made
    made.kill_all()
