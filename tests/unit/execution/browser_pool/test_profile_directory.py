import os
import tempfile
from pathlib import Path

import pytest

from dtf.execution.executors.browser_pool.profile_directory import ProfileDirectory


def test_what_a_killed_guardian_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old directories without a lock go; those of living guardians, young ones and others' files stay."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    living = ProfileDirectory()
    (living.path / "profile").write_text("x")
    left, young, other = (tmp_path / name for name in ("dtf-browser-left", "dtf-browser-young", "other"))
    for directory in (left, young, other):
        directory.mkdir()
        (directory / "file").write_text("x")
    for directory in (living.path, left, other):
        os.utime(directory, (1, 1))
    next_one = ProfileDirectory()
    assert not left.exists()
    assert all(directory.exists() for directory in (living.path, young, other, next_one.path))
    living.remove()
    assert not living.path.exists()
    next_one.remove()
