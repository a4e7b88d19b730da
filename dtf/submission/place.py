"""Where a run's files are: the root that travels, and the working directory below it."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dtf.domain.errors import BadInputError
from dtf.domain.escape import one_line
from dtf.submission.git import top_level


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a run's files are.

    Attributes:
        root: The directory that is used in place or travels as a bundle.
        subdirectory: The working directory relative to it.
        paths: What to run, relative to the working directory, node ids kept.
    """

    root: Path
    subdirectory: str
    paths: tuple[str, ...]

    @property
    def workdir(self) -> Path:
        """The working directory on this machine."""
        return self.root / self.subdirectory


def locate(arguments: Sequence[str], cwd: Path) -> Place:
    """Find the root of the paths that a user named.

    The root is git's top level around them if there is one, else the current directory if they are below it, else
    the directory that they have in common.

    Args:
        arguments: Files, directories or node ids as given; none: the current directory.
        cwd: The current directory.

    Raises:
        BadInputError: One of them does not exist, or is no file and no directory.
    """
    split = [_split(argument) for argument in arguments]
    found = [_existing(path, cwd) for path, _ in split]
    problems = [one for one in found if isinstance(one, str)]
    if problems:
        raise BadInputError("\n".join(problems))
    targets = [one for one in found if isinstance(one, Path)]
    common = _common(targets) if targets else cwd
    inside = common.is_relative_to(cwd)
    root = _containing(top_level(common), targets) or (cwd if inside else common)
    workdir = cwd if cwd.is_relative_to(root) else root
    relative = [os.path.relpath(target, workdir) + rest for target, (_, rest) in zip(targets, split, strict=True)]
    return Place(root=root, subdirectory=str(workdir.relative_to(root)), paths=tuple(relative))


def _split(argument: str) -> tuple[str, str]:
    """A path and the rest of a node id; a file whose own name has ``::`` in it is taken as the file."""
    path, separator, rest = argument.partition("::")
    return path, separator + rest


def _existing(path: str, cwd: Path) -> Path | str:
    """The absolute path, symbolic links kept as pytest keeps them; a message when it cannot be run."""
    shown = one_line(path, 200)
    if not path:
        return "an empty path was given"
    try:
        full = Path(os.path.abspath(cwd / path))  # noqa: PTH100  # resolve() would follow links
        mode = full.stat().st_mode
    except FileNotFoundError:
        return f"{shown}: no such file or directory"
    except OSError as error:
        return f"{shown}: {error.strerror}"
    except ValueError as error:  # a NUL byte
        return f"{shown}: not a path: {error}"
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return full
    return f"{shown}: neither a file nor a directory"


def _containing(root: Path | None, targets: Sequence[Path]) -> Path | None:
    """The root, unless a symbolic link led git to a working tree that the paths are not spelt as being in."""
    return root if root is not None and all(target.is_relative_to(root) for target in targets) else None


def _common(targets: Sequence[Path]) -> Path:
    directories = [target if target.is_dir() else target.parent for target in targets]
    return Path(os.path.commonpath([str(directory) for directory in directories]))
