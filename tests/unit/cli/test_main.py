import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from dtf.cli import main
from dtf.cli.catalogue import CATALOGUE
from dtf.cli.group import LazyGroup

HEAVY = ("sqlalchemy", "celery", "kombu", "rich", "yaml", "psutil", "redis", "alembic", "psycopg2")


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """The command line takes SIGTERM and SIGINT; the test run gets them back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory without settings."""
    for name in ("DTF_CONFIG", "DTF_BROKER_URL", "DTF_DATABASE_URL", "DTF_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DTF_STATE_DIR", str(tmp_path / "state"))
    return tmp_path


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_command_of_the_catalogue_is_there(name: str) -> None:
    """The list in the help and the modules agree, and each command says what it does."""
    command = import_module(f"dtf.cli.commands.{CATALOGUE[name].module}").command
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.help
    assert command.hidden == CATALOGUE[name].hidden or name == "config"


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_help_imports_nothing_heavy(name: str) -> None:
    """--help answers at once, because nothing is imported for it that is not needed."""
    code = (
        "import sys\nfrom dtf.cli.main import run\nstatus = run(sys.argv[1:])\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "sys.exit(f'imported: {heavy}' if heavy else status)"
    )
    done = subprocess.run([sys.executable, "-c", code, name, "--help"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage: dtf" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["rnu"], "did you mean 'run'?"),
        (["run", "--hardwrae", "cpu"], "hardware"),
        (["run", "-q"], "go after '--'"),
        (["submit", "--priority", "99"], "99"),
        (["report", "--format", "pdf"], "pdf"),
    ],
)
def test_a_mistake_in_the_command_line_is_exit_2_and_one_line(
    arguments: list[str], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --json the last line of standard output is the error."""
    assert main.run([*arguments, "--json"]) == 2
    told = capsys.readouterr()
    data = json.loads(told.out.splitlines()[-1])
    assert data["exit_code"] == 2
    assert part in data["error"]
    assert told.err.startswith("dtf: ")


def test_an_unexpected_error_is_exit_3_with_its_traceback_in_a_file(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The user sees one line, the file has the rest, and no password gets into either."""

    def explode(*_: object) -> None:
        raise RuntimeError("kaboom redis://:s3cret@h")

    monkeypatch.setattr(LazyGroup, "get_command", explode)
    assert main.run(["runs"]) == 3
    told = capsys.readouterr().err
    assert told.startswith("dtf: internal error: RuntimeError: kaboom")
    assert told.count("\n") == 1
    (file,) = (home / "state" / "log").glob("error-*.txt")
    assert str(file) in told
    assert "Traceback" in file.read_text()
    assert "s3cret" not in told + file.read_text()
    assert main.run(["--debug", "runs"]) == 3
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_is_exit_13(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C before there is anything to cancel leaves no traceback."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(LazyGroup, "get_command", interrupt)
    assert main.run(["runs"]) == 13
    assert capsys.readouterr().err.strip() == "dtf: interrupted"


def test_an_error_of_1_mb_is_cut_and_escaped(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the user typed comes back short and harmless."""
    assert home.exists()
    assert main.run(["run", "\x1b[2J" + "x" * 1_000_000]) == 2
    told = capsys.readouterr().err
    assert len(told) < 2000
    assert "\x1b" not in told


def test_config_show_masks_and_tells_origins(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every setting is shown, no password is."""
    assert home.exists()
    monkeypatch.setenv("DTF_BROKER_URL", "redis://:s3cret@h:1/0")
    monkeypatch.setenv("DTF_DATABASE_URL", "postgresql://u:s3cret@h/d")
    assert main.run(["config", "show", "--origin", "--json"]) == 0
    text = capsys.readouterr().out
    data = json.loads(text)
    assert data["settings"]["broker_url"] == "redis://:***@h:1/0"
    assert data["origins"]["broker_url"] == "DTF_BROKER_URL"
    assert "s3cret" not in text
