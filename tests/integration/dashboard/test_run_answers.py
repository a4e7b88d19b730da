import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from dtf.dashboard.rest.run_log import texts
from dtf.domain.outcome import Outcome
from dtf.domain.shard import Artifact
from dtf.storage.ledger.blobs import CHUNK
from dtf.storage.ledger.schema import artifacts
from tests.integration.ledger.laboratory import Laboratory, cases, command, result
from tests.support.dashboard import Served


def _leave(lab: Laboratory, path: Path, name: str, media_type: str) -> str:
    """Have a job leave a file; where the dashboard has it."""
    lab.submit(command())
    shard = lab.claim()
    digest = lab.ledger.blobs.put(path)
    artifact = Artifact(name=name, digest=digest, size=path.stat().st_size, media_type=media_type)
    lab.record(replace(result(shard), artifacts=(artifact,)))
    return f"/api/v1/artifacts/{shard.shard_id}/{shard.attempt}/0"


@pytest.mark.parametrize(
    ("media_type", "sent"),
    [
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("image/png", "image/png"),
        ("", "application/octet-stream"),
        ("image/png\r\nX-Evil: 1", "application/octet-stream"),
    ],
)
def test_what_a_job_leaves_is_sent_as_a_file_that_never_runs(
    lab: Laboratory, served: Served, tmp_path: Path, media_type: str, sent: str
) -> None:
    """A page that a test made is no page of the dashboard's: it comes as bytes, to be kept."""
    path = tmp_path / "page"
    path.write_bytes(b"<script>alert(1)</script>")
    where = _leave(lab, path, 'a/"b\r\n\u202e.html', media_type)
    answer = served.ask(f"{where}/content")
    assert answer.status == 200
    assert answer.body == path.read_bytes()
    assert answer.headers["Content-Type"] == sent
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%22b")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Evil" not in answer.headers
    assert served.ask(where).value["size"] == len(answer.body)


def test_a_large_file_comes_whole(lab: Laboratory, served: Served, tmp_path: Path) -> None:
    """A file of several pieces is what it was."""
    path = tmp_path / "large"
    path.write_bytes(bytes(range(256)) * (3 * CHUNK // 256) + b"end")
    answer = served.ask(f"{_leave(lab, path, 'large', '')}/content")
    assert hashlib.sha256(answer.body).hexdigest() == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_that_is_not_there_is_told(lab: Laboratory, served: Served, tmp_path: Path) -> None:
    """Neither an unknown artifact nor one whose content is gone is an empty file."""
    path = tmp_path / "file"
    path.write_bytes(b"x")
    where = _leave(lab, path, "file", "")
    assert served.ask(f"{where}1/content").status == 404
    gone = sa.update(artifacts).values(digest="sha256:0")
    lab.ledger.database.write(lambda connection: connection.execute(gone))
    answer = served.ask(f"{where}/content")
    assert answer.status == 404
    assert "Content-Disposition" not in answer.headers


def test_a_log_goes_on_behind_a_position(lab: Laboratory, served: Served) -> None:
    """Pieces come in order, a few at a time; what is asked for again comes again, and nothing twice."""
    lab.submit(command())
    shard = lab.claim()
    for number in range(1, 6):
        lab.ledger.shards.append_log(shard.shard_id, shard.attempt, number, f"line {number}\n".encode())
    path = f"/api/v1/runs/{lab.run_id}/log"
    first = served.ask(f"{path}?limit=3").value
    assert [piece["text"] for piece in first["items"]] == ["line 1\n", "line 2\n", "line 3\n"]
    assert {piece["shard_id"] for piece in first["items"]} == {shard.shard_id}
    rest = served.ask(f"{path}?limit=3&after={first['next']}").value
    assert [piece["text"] for piece in rest["items"]] == ["line 4\n", "line 5\n"]
    assert "next" not in rest
    assert served.ask(f"{path}?after={rest['items'][-1]['position']}").value["items"] == []


@pytest.mark.parametrize("query", ["after=x", "after=-1", "after=" + "9" * 30, "limit=101", "limit=0", "sort=x", "a=b"])
def test_what_no_log_can_be_asked_is_told(lab: Laboratory, served: Served, query: str) -> None:
    """A wrong position or limit is the asker's error."""
    lab.submit(command())
    assert served.ask(f"/api/v1/runs/{lab.run_id}/log?{query}").status == 400


def test_texts_keep_characters_that_pieces_share() -> None:
    """A character that is cut between two pieces of one attempt stands whole; what is no UTF-8 is escaped."""
    pieces = [
        (1, "s", 1, "ü".encode()[:1]),
        (2, "t", 1, b"\xff<b>"),
        (3, "s", 1, "ü".encode()[1:] + b"."),
        (4, "s", 1, b"\xc3"),
    ]
    assert [piece["text"] for piece in texts(pieces)] == ["", "\\xff<b>", "ü.", "\\xc3"]


def test_a_matrix_is_what_the_command_prints(lab: Laboratory, served: Served) -> None:
    """Rows, columns and cells of a run; an unknown reference is refused."""
    shard = lab.claim(lab.plan(2)[0])
    lab.record(result(shard, Outcome.PASSED, cases(shard)))
    told = served.ask(f"/api/v1/runs/{lab.run_id}/matrix").value
    assert told["runs"][0]["run_id"] == lab.run_id
    assert {"rows", "columns", "cells", "differences", "as_of"} <= set(told)
    assert told["cells"]
    assert served.ask(f"/api/v1/runs/{lab.run_id}/matrix?reference=cuda").status == 400
    assert served.ask(f"/api/v1/runs/{lab.run_id}/matrix?limit=3").status == 400


def test_why_says_what_a_job_waits_for(lab: Laboratory, served: Served) -> None:
    """No worker serves its queue, and the answer says so and what to do."""
    lab.submit(command())
    told = served.ask(f"/api/v1/jobs/{lab.job_ids[0]}/why").value
    assert told["cause"] == "no_worker"
    assert told["why"]
    assert told["operator_needed"] == []


@pytest.mark.parametrize("path", ["runs/{}/log", "runs/{}/matrix", "jobs/{}/why", "artifacts/{}/1/0/content"])
@pytest.mark.parametrize("name", ["none", "a%00b", "%F0%9F%92%A9"])
def test_what_there_is_not_is_not_found(served: Served, path: str, name: str) -> None:
    """Whatever a name is made of."""
    answer = served.ask(f"/api/v1/{path.format(name)}")
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
