"""Which Python runs a suite on this machine."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from dtf.domain.errors import BadInputError
from dtf.domain.escape import one_line

#: Variables of the caller that change what pytest does; a shared cluster's workers were started without them.
_CARRIED = ("PYTEST_ADDOPTS", "PYTHONPATH")


def choose_python(named: str, *, environ: Mapping[str, str], cwd: Path, workdir: Path, root: Path) -> str:
    """The interpreter that was named, else the active virtual environment's, else the project's, else dtf's own.

    Raises:
        BadInputError: The named one does not exist.
    """
    if named:
        found = _which(named, environ, cwd)
        if found is None:
            raise BadInputError(f"--python {one_line(named, 200)}: there is no such program")
        return found
    bases = [Path(active)] if (active := environ.get("VIRTUAL_ENV")) else []
    bases += [workdir / ".venv", root / ".venv"]
    candidates = (base / "bin" / "python" for base in bases)
    return next((str(python) for python in candidates if python.is_file()), sys.executable)


def carried_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The caller's variables that a suite on this machine gets."""
    return {name: environ[name] for name in _CARRIED if environ.get(name)}


def _which(named: str, environ: Mapping[str, str], cwd: Path) -> str | None:
    """As a shell run in ``cwd`` would find it; links are kept, because a virtual environment is known by its path."""
    try:
        found = shutil.which(cwd / named if "/" in named else named, path=environ.get("PATH"))
    except (OSError, ValueError):  # too long, or a NUL byte
        return None
    return None if found is None else str(found)
