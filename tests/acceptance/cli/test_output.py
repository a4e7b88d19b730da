import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.cli.conftest import Dtf

pytestmark = pytest.mark.acceptance


def submit(dtf: Dtf, *more: str) -> dict[str, Any]:
    """Queue one test; nothing runs it."""
    done = dtf("submit", "--submit-test", "--test-file", "tests", "--json", *more)
    assert done.status == 0, done.err
    return done.data


def test_submit_without_a_cluster_queues_and_says_how_to_start_one(dtf: Dtf) -> None:
    """The run is durable, and the user knows what to do next."""
    done = dtf("submit", "--submit-test", "--test-file", "tests/test_a.py", "--priority", "7")
    assert done.status == 0
    assert "no cluster is running" in done.out
    assert "dtf up" in done.out
    (run,) = dtf("runs", "--json").data["runs"]
    assert run["outcome"] is None
    status = dtf("status", run["run_id"], "--json").data
    assert status["jobs"][0]["priority"] == 7


def test_a_repeat_with_the_same_key_gives_the_same_run_and_another_content_is_an_error(dtf: Dtf, place: Path) -> None:
    """A submit that was cut off can be sent again."""
    first, second = submit(dtf, "--idempotency-key", "k"), submit(dtf, "--idempotency-key", "k")
    assert first["run_id"] == second["run_id"]
    assert (first["created"], second["created"]) == (True, False)
    (place / "other").mkdir()
    done = dtf("submit", "--submit-test", "--test-file", "other", "--idempotency-key", "k")
    assert done.status == 2
    assert "idempotency key" in done.err


def test_a_queued_run_can_be_looked_at_and_called_off(dtf: Dtf) -> None:
    """Each command that looks at it ends with one line of JSON."""
    submitted = submit(dtf)
    run, (job,) = submitted["run_id"], submitted["job_ids"]
    assert dtf("why", job, "--json").data["cause"] == "no_leader"
    audit = dtf("audit", run, "--json")
    assert (audit.status, audit.data["ok"], audit.data["terminal"]) == (1, False, 0)
    assert {"submitted", "lost", "duplicated", "stale_results", "attempts"} <= set(audit.data)
    assert dtf("logs", run, "--json").data["lines"] == 0
    assert dtf("retry", run, "--failed").status == 2
    assert dtf("cancel", run, "--json").data["cancelled"] == 1
    assert dtf("status", run, "--json").data["run"]["outcome"] == "cancelled"
    assert dtf("audit", run, "--json").status == 0


@pytest.mark.parametrize(
    "command", [["runs"], ["status"], ["workers"], ["config", "show"], ["worker", "--detect-only", "-Q", "cpu"]]
)
def test_json_is_one_line_on_standard_output(dtf: Dtf, command: list[str]) -> None:
    """Nothing else is printed with --json, also where there is nothing yet."""
    done = dtf(*command, "--json")
    assert (done.status, done.err) == (0, "")
    assert len(done.out.splitlines()) == 1
    assert isinstance(done.data, dict)


def test_doctor_answers_on_a_fresh_machine(dtf: Dtf) -> None:
    """Nothing that is needed fails where nothing was set up yet."""
    done = dtf("doctor", "--json")
    assert done.status == 0, done.out
    assert done.data["ok"] is True
    assert {"python", "state", "valkey", "database", "broker", "git", "pytest"} <= set(done.data["checks"])


@pytest.mark.parametrize("kind", ["junit", "json", "markdown"])
def test_a_report_goes_to_a_file_or_to_standard_output(dtf: Dtf, place: Path, kind: str) -> None:
    """The same bytes, in UTF-8 whatever the locale."""
    submit(dtf, "--name", "läuft ✓")
    assert dtf("cancel", "last").status == 0
    printed = dtf("report", "last", "--format", kind, LC_ALL="C")
    assert printed.status == 0, printed.err
    written = dtf("report", "last", "--format", kind, "-o", "out", "--json")
    assert written.data["file"] == "out"
    assert (place / "out").read_text(encoding="utf-8") == printed.out


def test_a_report_is_itself_the_line_of_json(dtf: Dtf) -> None:
    """With --json and no file; other formats than JSON are a text in it."""
    run = submit(dtf)["run_id"]
    assert dtf("cancel", "last").status == 0
    for more in ([], ["--format", "json"]):
        done = dtf("report", "last", "--json", *more)
        assert (done.status, len(done.out.splitlines())) == (0, 1)
        assert done.data["run_id"] == run
        assert len(done.data["job_list"]) == 1
    assert dtf("report", "--format", "junit", "--json").data["report"].startswith("<?xml")


def test_a_hostile_name_cannot_act_on_the_terminal(dtf: Dtf, place: Path) -> None:
    """Escape sequences, direction marks and markup in names are shown, not obeyed."""
    (place / "evil\x1b[2J\u202e[red]").mkdir()
    done = dtf("submit", "--submit-test", "--test-file", "evil\x1b[2J\u202e[red]")
    assert done.status == 0, done.err
    for command in ("runs", "status", "why"):
        out = dtf(command, *(["last"] if command == "why" else []), COLUMNS="20").out
        assert "\x1b" not in out
        assert "\u202e" not in out
    assert "[red]" in dtf("status", "last").out


def test_names_are_printed_where_the_locale_knows_only_ascii(dtf: Dtf) -> None:
    """No UnicodeEncodeError, whatever LANG says."""
    submit(dtf, "--name", "日本")
    done = dtf("runs", LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.status == 0
    assert "\\u65e5\\u672c" in done.out


def test_a_reader_that_goes_away_causes_no_traceback(dtf: Dtf, place: Path, environment: dict[str, str]) -> None:
    """For ``dtf runs | head -0``: the exit status is the command's own."""
    submit(dtf)
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "dtf", "runs"],
        cwd=place,
        env=environment,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_standard_output_is_no_trouble(place: Path, environment: dict[str, str]) -> None:
    """For ``dtf config show >&-``."""
    line = f"{sys.executable} -m dtf config show >&-"
    done = subprocess.run(
        ["sh", "-c", line], cwd=place, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_run_in_cluster_mode_packs_its_source(dtf: Dtf, tmp_path: Path) -> None:
    """Nothing of the client's paths is needed by the workers; what cannot be taken ends with 11 and the reason."""
    urls = {
        "DTF_BROKER_URL": "redis://127.0.0.1:1/0",
        "DTF_DATABASE_URL": f"sqlite:///{tmp_path}/cluster.sqlite3",
    }
    assert "dtf init-db" in dtf("run", "tests", **urls).err
    assert dtf("init-db", "--json", **urls).data["changed"] is True
    done = dtf("run", "tests", "--timeout", "1", "--json", **urls)
    assert done.status == 11, done.err
    assert done.data["outcome"] in ("timeout", "cancelled")
    assert done.data["unserved"] == ["cpu"]
    report = json.loads(dtf("report", "last", "--format", "json", **urls).out)
    assert report["job_list"][0]["spec"]["source"]["kind"] == "bundle"
