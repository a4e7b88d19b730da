import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dtf.domain.source import SourceKind
from dtf.domain.work import CommandWork
from dtf.settings import Settings
from tests.integration.ledger.laboratory import Laboratory
from tests.support.dashboard import Served, embedded, serving

RUNS = "/api/v1/runs"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with a test."""
    found = tmp_path / "project"
    found.mkdir()
    (found / "test_it.py").write_text("def test_it(): pass\n")
    return found


@pytest.fixture
def clustered(lab: Laboratory, tmp_path: Path) -> Iterator[Served]:
    """A dashboard of a cluster whose workers may be anywhere."""
    settings = Settings(state_dir=tmp_path, broker_url="memory://", database_url="postgresql://nobody@/none")
    with serving(settings, lab.ledger) as found:
        yield found


def _command(place: Path, **config: Any) -> dict[str, Any]:
    return {"type": "command", "config": {"argv": ["true"], "cwd": str(place), **config}}


def test_tasks_become_a_run(lab: Laboratory, served: Served, place: Path) -> None:
    """What ``dtf submit --task-file`` takes; the answer says where the run is."""
    test = {"type": "test", "name": "mine", "config": {"test_file": "test_it.py", "cwd": str(place)}}
    answer = served.ask(RUNS, "POST", value=[test, _command(place)])
    assert answer.status == 201
    told = answer.value
    assert (told["created"], told["running"], len(told["job_ids"])) == (True, False, 2)
    assert answer.headers["Location"] == f"{RUNS}/{told['run_id']}"
    assert served.ask(answer.headers["Location"]).value["name"] == "mine"
    suite, command = (lab.ledger.views.job(job_id).spec for job_id in told["job_ids"])
    assert suite.source.kind is SourceKind.PATH
    assert suite.source.location == str(place)
    assert isinstance(command.work, CommandWork)
    assert command.work.argv == ("true",)


def test_a_repeat_with_its_key_submits_nothing_new(lab: Laboratory, served: Served, place: Path) -> None:
    """The same run is told again; other tasks under the key are a conflict."""
    first = served.ask(RUNS, "POST", value=_command(place), Idempotency_Key="night 7")
    again = served.ask(RUNS, "POST", value=_command(place), Idempotency_Key="night 7")
    assert (first.status, again.status) == (201, 200)
    assert again.value["run_id"] == first.value["run_id"]
    assert not again.value["created"]
    other = served.ask(RUNS, "POST", value=_command(place, argv=["false"]), Idempotency_Key="night 7")
    assert other.status == 409
    assert len(lab.ledger.views.runs()) == 1


def test_files_travel_to_a_cluster(lab: Laboratory, clustered: Served, place: Path) -> None:
    """Its workers do not see them where they are: they are packed, as the command does."""
    subprocess.run(["git", "init", "-q", str(place)], check=True)
    told = clustered.ask(RUNS, "POST", value=_command(place)).value
    source = lab.ledger.views.job(told["job_ids"][0]).spec.source
    assert source.kind is SourceKind.BUNDLE
    assert lab.ledger.blobs.has(source.location)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"type": "test", "type": "command"}', "twice"),
        (b"\xff", "UTF-8"),
        (b"[]", "0 tasks"),
        (b"7", ""),
        (b"[" * 100_000, "nested"),
        (b'{"type": "dance"}', "dance"),
        (b'{"type": "command", "config": {"argv": ["true"]}}', "config.cwd: must be the absolute path"),
        (b'{"type": "command", "config": {"argv": ["true"], "cwd": "here"}}', "absolute"),
        (b'{"type": "command", "config": {"argv": ["true"], "cwd": "/nowhere/at/all"}}', "no such directory"),
        (b'{"type": "command", "config": {"argv": ["true"], "cwd": "/\\u0000"}}', ""),
        (b'{"type": "command", "config": {"argv": ["\\ud800"], "cwd": "/"}}', ""),
        (b'{"type": "command", "name": "\\ud800", "config": {"argv": ["true"], "cwd": "/"}}', ""),
        (b'{"type": "test", "config": {"test_file": "test_none.py", "cwd": "/"}}', "no such file"),
        (b'[{"type": "command"}, {"type": "test", "config": {"cwd": 7}}]', "[1].config"),
    ],
)
def test_tasks_that_cannot_be_used_are_told(lab: Laboratory, served: Served, sent: bytes, words: str) -> None:
    """Every place and reason, and nothing is written."""
    answer = served.ask(RUNS, "POST", body=sent, Content_Type="application/json")
    assert answer.status == 400
    assert words in answer.value["detail"]
    assert lab.ledger.views.runs() == []


def test_too_much_or_a_wrong_key_is_refused(lab: Laboratory, served: Served, place: Path) -> None:
    """Tasks have at most 5 MiB, and are more than other requests may have."""
    padded = json.dumps(_command(place)).encode()
    assert served.ask(RUNS, "POST", body=padded.ljust(5 * 2**20 + 1), Content_Type="application/json").status == 413
    assert served.ask(RUNS, "POST", value=_command(place), Idempotency_Key="k" * 201).status == 400
    assert lab.ledger.views.runs() == []
    assert served.ask(RUNS, "POST", body=padded.ljust(2 * 2**20), Content_Type="application/json").status == 201


def test_only_who_is_on_the_machine_may_submit(lab: Laboratory, tmp_path: Path, place: Path) -> None:
    """A dashboard that others can reach would run anything for them, and read any file."""
    with serving(embedded(tmp_path / "state"), lab.ledger, address="0.0.0.0") as served:  # noqa: S104  # what is tested
        answer = served.ask(RUNS, "POST", value=_command(place))
        assert answer.status == 403
        assert served.ask(RUNS).status == 200
    with serving(embedded(tmp_path / "state"), lab.ledger, hosts=("lab.example",)) as served:
        assert served.ask(RUNS, "POST", value=_command(place), Host="lab.example").status == 403
        assert served.ask("/api/tasks").status == 401
    with serving(embedded(tmp_path / "state"), lab.ledger) as served:
        assert served.ask(RUNS, "POST", value=_command(place), X_Forwarded_For="192.0.2.1").status == 403
    with serving(embedded(tmp_path / "state"), lab.ledger, read_only=True) as served:
        assert served.ask(RUNS, "POST", value=_command(place)).status == 403
    assert lab.ledger.views.runs() == []
