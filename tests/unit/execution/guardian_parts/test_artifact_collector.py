import os
from pathlib import Path

from dtf.execution.guardian.artifact_collector import ArtifactCollector


def _collect(tmp_path: Path, *patterns: str, cap: int = 10**6) -> tuple[dict[str, str], list[str]]:
    notes: list[str] = []
    collector = ArtifactCollector(destination=tmp_path / "kept", cap=cap, note=notes.append)
    for name in ("artifacts", "work"):
        (tmp_path / name).mkdir(exist_ok=True)
    kept = collector.collect(tmp_path / "artifacts", tmp_path / "work", patterns)
    return {name: (tmp_path / "kept" / stored).read_text() for name, stored in kept}, notes


def test_both_places_are_gathered(tmp_path: Path) -> None:
    """Files in folders, patterns with folders and links inside are kept under their names."""
    (tmp_path / "artifacts/deep").mkdir(parents=True)
    (tmp_path / "artifacts/deep/a").write_text("A")
    (tmp_path / "work/out").mkdir(parents=True)
    (tmp_path / "work/out/b").write_text("B")
    (tmp_path / "work/latest").symlink_to("out/b")
    kept, notes = _collect(tmp_path, "out", "latest", "**/b")
    assert kept == {"deep/a": "A", "out/b": "B", "latest": "B"}
    assert notes == []


def test_nothing_outside_is_taken(tmp_path: Path) -> None:
    """Absolute patterns, ``..`` and links that lead out take nothing."""
    (tmp_path / "secret").write_text("S")
    (tmp_path / "work").mkdir()
    (tmp_path / "work/link").symlink_to("../secret")
    kept, notes = _collect(tmp_path, "/etc/hostname", "../secret", "link", "")
    assert kept == {}
    assert len(notes) == 4


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    """Too large, no file, matching nothing: each has its line, and the rest is kept."""
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts/a").write_text("x" * 60)
    (tmp_path / "artifacts/b").write_text("x" * 60)
    (tmp_path / "artifacts/c").write_text("x" * 10)
    os.mkfifo(tmp_path / "artifacts/d")
    kept, notes = _collect(tmp_path, "none*", cap=100)
    assert set(kept) == {"a", "c"}
    assert "'b' (60 bytes) is left out" in notes[0]
    assert "'d' is left out: it is not a regular file" in notes[1]
    assert "matches nothing" in notes[2]
