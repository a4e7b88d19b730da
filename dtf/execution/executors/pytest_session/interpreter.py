"""Which interpreter runs a suite."""

import importlib.util
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dtf.domain.errors import BadInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A choice and its reason.

    Attributes:
        path: The interpreter as it is started: symbolic links of virtual environments stay.
        origin: Where the choice comes from, for people.
    """

    path: str
    origin: str


def choose_interpreter(asked: str, *, workdir: Path, source_root: Path, environment: Mapping[str, str]) -> Interpreter:
    """Choose the interpreter of a suite.

    In this order: the one that was asked for; ``.venv`` of the working directory or a directory above it up to the
    source's root; the virtual environment that is active in ``environment``; dtf's own.

    Args:
        asked: A path (relative to ``workdir``) or the name of a program; empty: none.
        workdir: The suite's working directory.
        source_root: The root of the suite's source.
        environment: The environment in which the suite will run.

    Raises:
        BadInputError: There is none; the message says what to do.
    """
    if asked:
        return Interpreter(path=asked_interpreter(asked, workdir=workdir, environment=environment), origin="asked for")
    for directory in (workdir, *workdir.parents):
        candidate = directory / ".venv" / "bin" / "python"
        if candidate.exists():
            return Interpreter(path=str(candidate), origin=f".venv of {directory}")
        if directory == source_root or not directory.is_relative_to(source_root):
            break
    active = environment.get("VIRTUAL_ENV", "")
    if active and (Path(active) / "bin" / "python").exists():
        return Interpreter(path=str(Path(active) / "bin" / "python"), origin="the active virtual environment")
    if importlib.util.find_spec("pytest") is None:
        raise BadInputError(
            f"no interpreter with pytest was found; name one with --python, or: {sys.executable} -m pip install pytest"
        )
    return Interpreter(path=sys.executable, origin="dtf's own")


def asked_interpreter(asked: str, *, workdir: Path, environment: Mapping[str, str]) -> str:
    """The path of an interpreter that was asked for, as a path or by its name.

    Raises:
        BadInputError: There is none.
    """
    if "/" in asked:
        path = workdir / Path(asked).expanduser()
        if not path.exists():
            raise BadInputError(f"there is no interpreter {asked}")
        return str(path)
    found = shutil.which(asked, path=environment.get("PATH"))
    if found is None:
        raise BadInputError(f"there is no interpreter {asked} in PATH")
    return found
