import sys
from pathlib import Path

import pytest

from dtf.domain.errors import BadInputError
from dtf.execution.executors.pytest_session.interpreter import choose_interpreter


def python_in(directory: Path, environment: str = ".venv") -> str:
    """Make a file where a virtual environment has its interpreter."""
    path = directory / environment / "bin" / "python"
    path.parent.mkdir(parents=True)
    path.touch(mode=0o755)
    return str(path)


def test_the_one_that_is_asked_for_wins(tmp_path: Path) -> None:
    """A path is relative to the working directory; a name is looked up in the suite's PATH."""
    python_in(tmp_path)
    own = python_in(tmp_path, "own")
    where = {"workdir": tmp_path, "source_root": tmp_path, "environment": {"PATH": str(tmp_path / "own/bin")}}
    assert choose_interpreter("own/bin/python", **where).path == own  # type: ignore[arg-type]
    assert choose_interpreter("python", **where).path == own  # type: ignore[arg-type]


def test_the_nearest_venv_up_to_the_root(tmp_path: Path) -> None:
    """``.venv`` is looked for from the working directory up to the source's root, and not above."""
    python_in(tmp_path)
    root = tmp_path / "root"
    deep = root / "a" / "b"
    deep.mkdir(parents=True)
    assert choose_interpreter("", workdir=deep, source_root=root, environment={}).path == sys.executable
    expected = python_in(root)
    assert choose_interpreter("", workdir=deep, source_root=root, environment={}).path == expected
    nearer = python_in(root / "a")
    assert choose_interpreter("", workdir=deep, source_root=root, environment={}).path == nearer


def test_the_active_environment(tmp_path: Path) -> None:
    """Without a ``.venv`` the active virtual environment is taken."""
    expected = python_in(tmp_path, "active")
    environment = {"VIRTUAL_ENV": str(tmp_path / "active")}
    work = tmp_path / "work"
    choice = choose_interpreter("", workdir=work, source_root=work, environment=environment)
    assert choice.path == expected


@pytest.mark.parametrize("asked", ["./nothing", "no-such-program"])
def test_what_is_not_there(asked: str, tmp_path: Path) -> None:
    """An interpreter that does not exist is bad input."""
    with pytest.raises(BadInputError, match="no interpreter"):
        choose_interpreter(asked, workdir=tmp_path, source_root=tmp_path, environment={"PATH": ""})
