import contextlib
import io
import logging
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from dtf.domain.errors import SourceError
from dtf.execution.bundle import pack, unpack

CAP = 10 * 2**20


def _git(place: Path, *arguments: str) -> None:
    command = ("git", "-c", "user.name=x", "-c", "user.email=x@x", "-c", "protocol.file.allow=always", *arguments)
    subprocess.run(command, cwd=place, check=True, capture_output=True)


def _files(place: Path) -> set[str]:
    return {path.relative_to(place).as_posix() for path in place.rglob("*") if not path.is_dir()}


def _round_trip(source: Path, tmp_path: Path) -> Path:
    pack(source, tmp_path / "b.tar.gz", CAP)
    unpack(tmp_path / "b.tar.gz", tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small project."""
    place = tmp_path / "source"
    (place / "pkg/__pycache__").mkdir(parents=True)
    (place / "pkg/a.py").write_text("a")
    (place / "pkg/__pycache__/a.pyc").write_text("x")
    (place / ".venv").mkdir()
    (place / ".venv/big").write_text("x")
    (place / "run.sh").write_text("#!/bin/sh")
    (place / "run.sh").chmod(0o700)
    (place / "link").symlink_to("pkg/a.py")
    return place


def test_without_git_everything_but_caches_travels(source: Path, tmp_path: Path) -> None:
    """Files, links inside and the right to execute arrive; caches and virtual environments stay behind."""
    out = _round_trip(source, tmp_path)
    assert _files(out) == {"pkg/a.py", "run.sh", "link"}
    assert os.access(out / "run.sh", os.X_OK)
    assert (out / "link").readlink() == Path("pkg/a.py")


def test_with_git_its_ignore_rules_count(source: Path, tmp_path: Path) -> None:
    """What git ignores stays behind, what it does not know yet travels, what was deleted is passed over."""
    (source / ".gitignore").write_text(".venv\n__pycache__\n*.log\n")
    (source / "gone.py").write_text("x")
    _git(source, "init", "-q")
    _git(source, "add", "-A")
    _git(source, "commit", "-q", "-m", "x")
    (source / "gone.py").unlink()
    (source / "new ä.py").write_text("new")
    (source / "a.log").write_text("x")
    assert _files(_round_trip(source, tmp_path)) == {".gitignore", "pkg/a.py", "run.sh", "link", "new ä.py"}


def test_submodules_travel(source: Path, tmp_path: Path) -> None:
    """The files of a submodule and of a repository inside are packed as files."""
    library = tmp_path / "library"
    library.mkdir()
    (library / "lib.py").write_text("lib")
    _git(library, "init", "-q")
    _git(library, "add", "-A")
    _git(library, "commit", "-q", "-m", "x")
    _git(source, "init", "-q")
    _git(source, "submodule", "add", "-q", str(library), "third/lib")
    _git(source, "clone", "-q", str(library), "inner")
    found = _files(_round_trip(source, tmp_path))
    assert {"third/lib/lib.py", "inner/lib.py"} <= found


def test_a_directory_that_git_ignores_still_travels(source: Path, tmp_path: Path) -> None:
    """A project that lies in an ignored folder of another repository is not taken for empty."""
    (tmp_path / ".gitignore").write_text("*\n")
    _git(tmp_path, "init", "-q")
    assert "pkg/a.py" in _files(_round_trip(source, tmp_path))


def test_equal_files_make_equal_archives(source: Path, tmp_path: Path) -> None:
    """Times and the order of creation do not change the digest; a byte does."""
    first = pack(source, tmp_path / "1", CAP)
    os.utime(source / "pkg/a.py", (1, 1))
    assert pack(source, tmp_path / "2", CAP) == first
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    (source / "pkg/a.py").write_text("b")
    assert pack(source, tmp_path / "2", CAP) != first


def test_what_is_no_file_is_left_out(source: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A FIFO is left out with a message and never opened; so is a link that leads out."""
    os.mkfifo(source / "fifo")
    (source / "out").symlink_to("/etc/passwd")
    (source / "up").symlink_to("../../x")
    with caplog.at_level(logging.WARNING):
        found = _files(_round_trip(source, tmp_path))
    assert found == {"pkg/a.py", "run.sh", "link"}
    assert all(name in caplog.text for name in ("fifo", "out", "up"))


def test_a_large_source_is_refused_by_name(source: Path, tmp_path: Path) -> None:
    """Over the cap the error names the largest files, and nothing is left."""
    (source / "model.bin").write_bytes(os.urandom(200_000))
    with pytest.raises(SourceError, match=r"model\.bin \(0\.2 MiB\)"):
        pack(source, tmp_path / "b", 100_000)
    assert not (tmp_path / "b").exists()


def test_a_missing_directory_is_the_users_error(tmp_path: Path) -> None:
    """It is said what is missing."""
    with pytest.raises(SourceError, match="is not a directory"):
        pack(tmp_path / "nowhere", tmp_path / "b", CAP)


@pytest.mark.parametrize("name", ["/abs", "../up", "a/../../up"])
def test_nothing_gets_out(tmp_path: Path, name: str) -> None:
    """Names that lead out of the directory are refused, or made to lie inside."""
    with tarfile.open(tmp_path / "evil", "w:gz") as archive:
        info = tarfile.TarInfo(name)
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
    with contextlib.suppress(SourceError):
        unpack(tmp_path / "evil", tmp_path / "deep")
    assert not (tmp_path / "up").exists()
    assert not Path("/abs").exists()


_LINKS = [
    (tarfile.SYMTYPE, "/etc"),
    (tarfile.SYMTYPE, "../.."),
    (tarfile.LNKTYPE, "/etc/passwd"),
    (tarfile.FIFOTYPE, ""),
]


@pytest.mark.parametrize(("kind", "target"), _LINKS)
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes, target: str) -> None:
    """Links that lead out, and what is no file, are refused."""
    with tarfile.open(tmp_path / "evil", "w:gz") as archive:
        info = tarfile.TarInfo("x")
        info.type, info.linkname = kind, target
        archive.addfile(info)
    with pytest.raises(SourceError):
        unpack(tmp_path / "evil", tmp_path / "out")


def test_a_damaged_archive_is_an_error(source: Path, tmp_path: Path) -> None:
    """A cut archive and one that is none are refused with a reason."""
    pack(source, tmp_path / "b", CAP)
    (tmp_path / "cut").write_bytes((tmp_path / "b").read_bytes()[:-20])
    (tmp_path / "none").write_bytes(b"no archive")
    for name in ("cut", "none"):
        with pytest.raises(SourceError, match="cannot be unpacked"):
            unpack(tmp_path / name, tmp_path / f"out-{name}")
