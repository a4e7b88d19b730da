import subprocess
from pathlib import Path

import pytest

from tests.acceptance.cli.conftest import Dtf

pytestmark = pytest.mark.acceptance


def _git(place: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(place), "-c", "user.name=a", "-c", "user.email=a@b", *arguments], check=True)


def test_the_workers_fetch_the_commit(dtf: Dtf, place: Path) -> None:
    """With --git a suite runs from the commit, not from the directory, and a changed file is refused."""
    assert dtf("run", "tests", "--git", place.as_uri()).status == 2

    _git(place, "init", "-q")
    _git(place, "add", ".")
    _git(place, "commit", "-q", "-m", "first")
    (place / "tests" / "test_untracked.py").write_text("def test_b(): assert 0\n")
    done = dtf("run", "tests", "--git", place.as_uri(), "--workers", "1", "--json")
    assert done.status == 0, done.err
    assert done.data["counts"]["passed"] == 1
    assert done.data["counts"]["failed"] == 0

    (place / "tests" / "test_a.py").write_text("def test_a(): assert 0\n")
    refused = dtf("run", "tests", "--git", place.as_uri())
    assert refused.status == 2
    assert "differ from the commit" in refused.err
