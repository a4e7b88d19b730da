"""Files that survive, and directories that go."""

import logging
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)


def write_durably(path: Path, data: bytes) -> None:
    """Write a file that is there in full after a crash, or not at all."""
    draft = path.with_name(path.name + ".draft")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def remove_tree(path: Path) -> None:
    """Remove a directory with all that is in it, write-protected parts included; log what cannot be removed."""
    if path.exists():
        shutil.rmtree(path, onerror=_unlock_and_retry)


def _unlock_and_retry(function: Callable[[str], object], path: str, error: object) -> None:
    try:
        for place in (Path(path).parent, Path(path)):
            if not place.is_symlink() and place.is_dir():
                place.chmod(place.stat().st_mode | stat.S_IRWXU)
        if function in (os.open, os.scandir):  # it could not be looked into: begin anew below it
            shutil.rmtree(path)
        else:
            function(path)
    except FileNotFoundError:
        return
    except OSError:
        log.warning("%s cannot be removed: %s", path, error)
