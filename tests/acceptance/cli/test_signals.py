import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    """The commands here are not measured: coverage has work to do at the interpreter's end, when no handler is left."""
    return {name: value for name, value in environment.items() if not name.startswith("COVERAGE_")}


def start(place: Path, environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    """A command of which it is known that it takes signals."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dtf", *arguments],
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        caught = Path(f"/proc/{process.pid}/status").read_text().partition("SigCgt:")[2].split()[0]
        if int(caught, 16) & (1 << (signal.SIGTERM - 1)):  # Python itself takes SIGINT, but not SIGTERM
            break
        time.sleep(0.002)
    return process


@pytest.mark.parametrize("step_s", [0.0, 0.1])
def test_impatient_interrupts_are_exit_13_with_the_line_of_json_last(
    place: Path, environment: dict[str, str], step_s: float
) -> None:
    """Four from the first moment on: no traceback, no death by signal, one line of JSON."""
    process = start(place, environment, "run", "tests", "--json")
    for _ in range(4):
        time.sleep(step_s)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 13, err
    assert "Traceback" not in err
    lines = [line for line in out.splitlines() if line.startswith("{")]
    assert len(lines) == 1
    assert out.endswith(lines[0] + "\n")
    assert json.loads(lines[0])["exit_code"] == 13


def test_a_coordinator_tells_at_its_end_what_it_was(place: Path, environment: dict[str, str]) -> None:
    """With --json one line, when it was stopped."""
    urls = {"DTF_BROKER_URL": "redis://127.0.0.1:1/0", "DTF_DATABASE_URL": f"sqlite:///{place}/c.sqlite3"}
    subprocess.run([sys.executable, "-m", "dtf", "init-db"], cwd=place, env={**environment, **urls}, check=True)
    process = start(place, {**environment, **urls}, "coordinator", "--json")
    time.sleep(3.0)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=120)
    (line,) = out.splitlines()
    told = json.loads(line)
    assert process.returncode == told["exit_code"], err
    assert process.returncode in (0, 13)  # 13: the machine was too slow for it to begin
    if process.returncode == 0:
        assert told["stopped_by"] == "SIGTERM"
        assert (told["coordinator"]["pid"], told["coordinator"]["mode"]) == (process.pid, "cluster")


def test_nothing_of_dtf_is_left_among_the_temporary_files(
    place: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """Neither sockets nor what the workers' pools map; the tests see TMPDIR as it is."""
    temporary = tmp_path / "t"
    temporary.mkdir()
    (place / "tests" / "test_a.py").write_text(
        f"import os\ndef test_a(): assert os.environ['TMPDIR'] == {str(temporary)!r}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "dtf", "run", "tests"],
        cwd=place,
        env={**environment, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ours = [entry.name for entry in temporary.iterdir() if entry.name.startswith(("dtf-worker-", "pymp-"))]
    assert not ours


def test_an_interrupt_inside_exec_does_not_change_the_exit_status(tmp_path: Path) -> None:
    """After a plain KeyboardInterrupt in ``exec()`` of a string CPython ends by SIGINT; after dtf's own it does not."""
    (tmp_path / "interrupted.py").write_text(
        "import os, signal, sys\n"
        "from dtf.cli import interruption\n"
        "interruption.begin(json_mode=False)\n"
        "try:\n"
        "    exec('os.kill(os.getpid(), signal.SIGINT)')\n"
        "except KeyboardInterrupt:\n"
        "    sys.exit(13)\n"
    )
    done = subprocess.run([sys.executable, "-m", "interrupted"], cwd=tmp_path, check=False, timeout=120)
    assert done.returncode == 13


@pytest.mark.parametrize(
    ("before", "told"),
    [("", "left at once"), ("interruption.part_with('left at once; the run ends')", "; the run ends")],
)
def test_a_second_interrupt_speaks_of_what_the_command_has(tmp_path: Path, before: str, told: str) -> None:
    """Of a run only where one is attached to the command."""
    program = (
        "import os, signal\n"
        "from dtf.cli import interruption\n"
        "interruption.begin(json_mode=False)\n"
        f"{before}\n"
        "try:\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "except KeyboardInterrupt:\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
    )
    argv = [sys.executable, "-P", "-c", program]
    done = subprocess.run(argv, cwd=tmp_path, stderr=subprocess.PIPE, text=True, check=False, timeout=120)
    assert done.returncode == 13
    assert done.stderr.endswith(f"{told}\n")
