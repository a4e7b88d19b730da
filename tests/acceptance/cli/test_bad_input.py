import os
from pathlib import Path

import pytest

from tests.acceptance.cli.conftest import Dtf

pytestmark = pytest.mark.acceptance

TASKS = {
    "an empty file": "",
    "a wrong type": "type: command\nconfig: {argv: echo}\n",
    "an unknown key": "type: command\nconfig: {argv: [echo]}\nprioritty: 3\n",
    "not a number": "type: command\nconfig: {argv: [echo], timeout: .nan}\n",
    "a negative time": "type: command\nconfig: {argv: [echo], timeout: -1}\n",
    "a NUL byte": "type: command\nname: a\0b\nconfig: {argv: [echo]}\n",
    "a name of 1 MB": "type: command\nname: " + "x" * 1_000_000 + "\nconfig: {argv: [echo]}\n",
    "unknown hardware": "type: command\nconfig: {argv: [echo], hardware_requirements: {hardware: tpu}}\n",
    "a YAML tag": "type: !!python/name:os.system x\n",
    "an alias bomb": "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
    + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(8)),
    "a test file that is missing": "type: test\nconfig: {test_file: nope.py}\n",
    "a directory that is missing": "type: command\nconfig: {argv: [echo], cwd: nope}\n",
    "a program that is missing": "type: command\nconfig: {argv: [./nope]}\n",
    "a model that is missing": "type: benchmark\nconfig: {model: nope.onnx}\n",
    "a browser check without its page": "type: browser\nconfig: {check: page}\n",
    "an unknown type": "type: benchmrak\nconfig: {model: bert}\n",
    "a requirement that is none": "type: test\nconfig: {test_file: tests, hardware_requirements: {vram_gb: '>>1'}}\n",
}


def written(tmp_path: Path) -> bool:
    """Whether anything was written to the ledger's place."""
    return (tmp_path / "state").exists()


@pytest.mark.parametrize("what", TASKS)
def test_a_bad_task_file_is_refused_and_nothing_is_written(dtf: Dtf, place: Path, tmp_path: Path, what: str) -> None:
    """Exit 2, a clear message that names the file or the key, and no ledger."""
    (place / "task.yaml").write_text(TASKS[what])
    done = dtf("submit", "--task-file", "task.yaml", "--json")
    assert done.status == 2
    assert done.data["exit_code"] == 2
    assert "Traceback" not in done.err
    assert 10 < len(done.err) < 3000
    assert not written(tmp_path)


@pytest.mark.parametrize("command", ["run", "submit"])
@pytest.mark.parametrize("kind", ["fifo", "directory", "missing", "device"])
def test_what_is_no_file_is_refused_without_blocking(
    dtf: Dtf, place: Path, tmp_path: Path, command: str, kind: str
) -> None:
    """A FIFO without a writer must not hold the command up."""
    os.mkfifo(place / "fifo")
    (place / "directory").mkdir()
    name = "/dev/zero" if kind == "device" else kind
    done = dtf("submit", "--task-file", name) if command == "submit" else dtf("run", name, "--hardware", "x")
    assert done.status == 2
    assert done.err.startswith("dtf: ")
    assert not written(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["run", "nope.py"], "nope.py: no such file or directory"),
        (["run", "tests/nope.py::test_x"], "no such file"),
        (["run", "--hardware", "cdua", "tests"], "did you mean 'cuda'?"),
        (["run", "--timeout", "-1", "tests"], "--timeout"),
        (["run", "--timeout", "nan", "tests"], "--timeout"),
        (["run", "--test-timeout", "inf", "tests"], "--test-timeout"),
        (["run", "--priority", "99", "tests"], "--priority"),
        (["run", "--maxfail", "-3", "tests"], "maxfail"),
        (["run", "--workers", "0", "tests"], "workers"),
        (["run", "--python", "/nope", "tests"], "/nope"),
        (["run", "--junit", "/nope/x.xml", "tests"], "cannot be written"),
        (["run", "--junit", "/dev/zero", "tests"], "not a regular file"),
        (["run", "--junit", ".", "tests"], "a directory"),
        (["run", "--junit", "", "tests"], "the file's name is empty"),
        (["submit", "--task-file", ""], "the file's name is empty"),
        (["report", "-o", "/nope/x"], "cannot be written"),
        (["run", "--command", "-k", "x", "-x", "--", "true"], "-k, -x/--maxfail cannot apply"),
        (["cancel", "last"], "there is no run yet"),
        (["why", "last"], "there is no run yet"),
        (["run", "--env", "NOT_SET", "tests"], "NOT_SET"),
        (["run", "--label", "novalue", "tests"], "NAME=VALUE"),
        (["run", "--command"], "needs a program"),
        (["run", "x" * 100_000], "too long"),
        (["submit"], "--task-file"),
        (["submit", "--submit-test"], "--test-file"),
        (["submit", "--submit-test", "--test-file", "tests", "--test-args", "'"], "--test-args"),
        (["submit", "--submit-test", "--test-file", "nope"], "no such file"),
        (["worker", "-Q", "cdua"], "did you mean 'cuda'?"),
        (["worker", "--profile", "lite"], "did you mean 'light'?"),
        (["up", "--profile", "nope.toml"], "nope.toml"),
        (["rnu"], "did you mean 'run'?"),
        (["why", "nope"], "nope"),
        (["status", "last"], "there is no run yet"),
        (["retry", "last"], "--failed"),
    ],
)
def test_bad_arguments_are_told_clearly(dtf: Dtf, arguments: list[str], part: str) -> None:
    """Exit 2 and one short message that names what is wrong."""
    done = dtf(*arguments)
    assert done.status == 2, done.err
    assert part in done.err
    assert done.err.startswith("dtf: ")
    assert "Traceback" not in done.err
    assert len(done.err) < 3000


def test_hardware_that_is_certainly_missing_is_exit_11_at_once(dtf: Dtf) -> None:
    """No worker is waited for where none can come; nothing is submitted."""
    done = dtf("run", "tests", "--hardware", "qualcomm", "--json")
    assert done.status == 11
    assert done.data["exit_code"] == 11
    assert "qualcomm" in done.data["error"]
    assert dtf("runs", "--json").data == {"runs": []}


@pytest.mark.parametrize(
    ("variables", "part"),
    [
        ({"DTF_BROKER_URL": "redis://h"}, "DTF_DATABASE_URL"),
        ({"DTF_BROKER_URI": "redis://h"}, "did you mean 'DTF_BROKER_URL'?"),
        ({"DTF_LEASE_S": "-1"}, "DTF_LEASE_S"),
        ({"DTF_CONFIG": "/nope.toml"}, "/nope.toml"),
        ({"DTF_STATE_DIR": "/dev/null/x"}, "/dev/null/x"),
    ],
)
def test_bad_settings_are_told_clearly(dtf: Dtf, variables: dict[str, str], part: str) -> None:
    """A wrong setting ends the command before anything is done."""
    done = dtf("status", **variables)
    assert done.status in (2, 10)
    assert part in done.err
    assert "Traceback" not in done.err


def test_a_database_that_is_away_is_exit_10_and_keeps_its_password(dtf: Dtf) -> None:
    """Submit is refused while the database is down."""
    urls = {"DTF_BROKER_URL": "redis://127.0.0.1:1/0", "DTF_DATABASE_URL": "postgresql://u:s3cret@127.0.0.1:1/d"}
    done = dtf("submit", "--submit-test", "--test-file", "tests", "--json", **urls)
    assert done.status == 10
    assert done.data["exit_code"] == 10
    assert "s3cret" not in done.out + done.err


@pytest.mark.parametrize("arguments", [["run", "--junit", "fifo", "tests"], ["report", "last", "-o", "fifo"]])
def test_a_report_into_a_fifo_is_refused_before_anything_is_submitted(
    dtf: Dtf, place: Path, tmp_path: Path, arguments: list[str]
) -> None:
    """Nobody reads it, so writing would block for ever."""
    os.mkfifo(place / "fifo")
    done = dtf(*arguments)
    assert done.status == 2
    assert "a FIFO, not a regular file" in done.err
    assert not written(tmp_path)


def test_a_broken_ledger_is_named(dtf: Dtf, tmp_path: Path) -> None:
    """The message says which file is no database."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "ledger.sqlite3").write_text("no database at all " * 100)
    done = dtf("runs")
    assert done.status == 10
    assert str(tmp_path / "state" / "ledger.sqlite3") in done.err
