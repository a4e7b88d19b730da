"""The dashboard as a process: Flower's pages tell the ledger's truth, and it lives longer than its cluster."""

import json
import signal
import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.harness.dashboard import Served, serving
from tests.acceptance.harness.place import CELERY, DTF, Place, until
from tests.acceptance.test_two_terminals import up

ROOT = Path(__file__).parents[2]


def suite(directory: Path, name: str, code: str) -> str:
    """A suite of one file."""
    path = directory / name
    path.mkdir()
    (path / f"test_{name}.py").write_text(code)
    return str(path)


@pytest.fixture
def entry_points(tmp_path: Path) -> dict[str, str]:
    """An environment in which this tree's entry points are installed, whatever else is."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["celery.commands"]
    info = tmp_path / "site" / "dtf-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dtf\nVersion: 0.1.0\n")
    lines = [f"{name} = {place}" for name, place in declared.items()]
    (info / "entry_points.txt").write_text("\n".join(["[celery.commands]", *lines, ""]))
    return {"PYTHONPATH": f"{info.parent}:{ROOT}"}


def _stats(served: Served) -> dict[str, Any]:
    """What the first worker tells of itself in Celery's way."""
    known = json.loads(served.ask("/api/workers?refresh=1")[1])
    return next((one.get("stats", {}) for name, one in known.items() if name.startswith("cpu-1")), {})


def test_it_tells_the_truth_about_a_cluster_that_comes_and_goes(place: Place, tmp_path: Path) -> None:
    """A failing test is no success, Revoke calls the job off, and the next cluster is found on its other port."""
    bad = suite(tmp_path, "bad", "def test_it(): assert False\n")
    good = suite(tmp_path, "good", "def test_it(): pass\n")
    began = tmp_path / "began"
    code = f"import pathlib, time\ndef test_it():\n    pathlib.Path({str(began)!r}).touch()\n    time.sleep(600)\n"
    slow = suite(tmp_path, "slow", code)
    served = serving(place)
    assert "no cluster is running in the state directory" in served.command.said
    for path in ("/", "/workers", "/tasks", "/broker"):
        status, body = served.ask(path)
        assert status == 200, body
    assert "no cluster is running" in served.ask("/broker")[1]
    assert served.ask("/api/queues/length")[0] == 503

    first = up(place, "--workers", "1")
    assert until(lambda: served.ask("/api/queues/length")[0] == 200, 60), served.command.said
    assert until(lambda: "cpu-1" in served.ask("/workers?json=1")[1], 60), served.command.said
    assert until(lambda: "pool" in _stats(served), 60), served.ask("/api/workers")
    assert served.ask("/worker/cpu-1@" + socket.gethostname())[0] == 200
    assert place.dtf("run", bad).status == 1
    failed = served.task("failed")
    assert served.task("FAILURE") == failed
    row = served.tasks()[failed]
    assert row["name"].endswith(": bad")
    assert (row["celery"]["state"], row["attempts"][0]["outcome"]) == ("SUCCESS", "failed")
    status, page = served.ask(f"/task/{failed}")
    assert (status, 'id="outcome">failed<' in page) == (200, True)
    assert place.dtf("run", good).status == 0
    assert until(lambda: any(row["name"].endswith(": good") for row in served.tasks("state=passed").values()), 60)

    attached = place.start(DTF, "run", slow)
    assert until(began.exists, 120), attached.said  # its tests are collected by a shard of their own before
    running = served.task("running")
    status, answer = served.ask(f"/api/task/revoke/{running}", "POST", terminate="true")
    told = json.loads(answer)
    assert (status, told["cancelled"]) == (200, 1)
    assert told["message"].startswith("cancelled the job ")
    assert ": slow (" in told["message"]
    assert attached.wait(90).status == 13
    assert served.tasks()[served.task("cancelled")]["name"].endswith(": slow")
    assert "nothing was left to call off" in served.ask(f"/api/task/abort/{running}", "POST")[1]

    first.process.terminate()
    first.wait(60)
    assert until(lambda: served.ask("/api/queues/length")[0] == 503, 60), served.command.said
    second = up(place, "--workers", "1")
    assert until(lambda: served.ask("/api/queues/length")[0] == 200, 60), served.command.said
    assert place.dtf("run", bad).status == 1
    assert until(lambda: len(served.tasks("state=failed")) == 2, 90), (served.tasks(), served.command.said)
    said = served.command.said
    assert "Traceback" not in said
    assert said.count("the broker sends no events") <= 2, said
    second.process.terminate()
    second.wait(60)
    served.command.process.terminate()
    assert served.command.wait(60).status == 0
    place.assert_nothing_left()


def test_shutting_a_worker_down_drains_it(place: Place, tmp_path: Path) -> None:
    """What it runs comes to its end in that very attempt, though the worker was told to stop meanwhile."""
    began, go = tmp_path / "began", tmp_path / "go"
    code = f"""
import pathlib, time

def test_it():
    pathlib.Path({str(began)!r}).touch()
    while not pathlib.Path({str(go)!r}).exists():
        time.sleep(0.05)
"""
    served = serving(place)
    up(place, "--workers", "1")
    attached = place.start(DTF, "run", suite(tmp_path, "waits", code))
    assert until(began.exists, 90), attached.said
    name = served.tasks()[served.task("running")]["worker"]
    assert until(lambda: name in served.ask("/api/workers?refresh=1")[1], 60), served.command.said
    status, answer = served.ask(f"/api/worker/shutdown/{name}", "POST")
    assert (status, "drains" in answer) == (200, True)
    log = place.state / "log" / f"{name.partition('@')[0]}.log"
    assert until(lambda: "Got shutdown from remote" in log.read_text(errors="replace"), 60), log.read_text()[-2000:]
    go.touch()
    assert attached.wait(120).status == 0
    ran = [one for row in served.tasks("state=passed").values() for one in row["attempts"]]
    assert {one["attempt"] for one in ran} == {1}


@pytest.fixture
def terminal() -> Iterator[None]:
    """Commands take a closed terminal as usual, though these tests may have been started by nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_with_sockets_open(place: Place, number: signal.Signals) -> None:
    """By Ctrl-C, by a closed terminal, and by whoever started it."""
    served = serving(place)
    opened = [served.open_socket() for _ in range(3)]
    served.command.process.send_signal(number)
    assert served.command.wait(60).status == 0
    for one in opened:
        one.close()


def test_it_outlives_a_terminal_where_it_was_told_to(place: Place) -> None:
    """As nohup has it."""
    served = serving(place, argv=("nohup", DTF, "dashboard"))
    served.command.process.send_signal(signal.SIGHUP)
    assert served.ask("/healthcheck") == (200, "OK")
    served.command.process.terminate()
    assert served.command.wait(60).status == 0


@pytest.mark.parametrize("prefix", ["lab", "a/b"])
def test_all_of_it_stands_below_a_prefix(place: Place, prefix: str) -> None:
    """Pages, their static files, Flower's API, and the way from the prefix without its slash."""
    served = serving(place, "--url-prefix", prefix)
    assert served.prefix == f"/{prefix}"
    bare = Served(command=served.command, port=served.port)
    for path in ("/", "/workers", "/tasks", "/broker"):
        status, body = served.ask(path)
        assert status == 200, body
        links = {part.split('"', 1)[0] for mark in ('href="', 'src="') for part in body.split(mark)[1:]}
        own = {link for link in links if link.startswith("/")}
        assert own
        assert {link for link in own if not link.startswith(f"/{prefix}/")} == set()
        for link in own:
            if "/static/" in link or "/assets/" in link:
                assert bare.ask(link)[0] == 200, link
    assert served.ask("/api/tasks") == (200, "{}")
    assert served.ask("")[0] == 301
    assert bare.ask("/workers")[0] == 404
    assert bare.ask("/api/tasks")[0] == 404


def test_strangers_are_refused_everywhere(place: Place) -> None:
    """dtf's pages, Flower's, both APIs, static files and the socket stand behind one guard."""
    served = serving(place)
    for path in ("/", "/workers", "/tasks", "/broker", "/api/tasks", "/api/monitoring/cluster", "/ws", "/metrics",
                 "/static/js/flower.js", "/assets/dtf.css", "/none"):  # fmt: skip
        status, body = served.ask(path, host="evil.example")
        assert (status, "--allow-host" in body) == (403, True), path
    for path in ("/api/task/revoke/x", "/api/worker/shutdown/x", "/tasks/datatable"):
        status, body = served.ask(path, "POST", host="evil.example")
        assert (status, "--allow-host" in body) == (403, True), path


def test_celery_starts_it_too(place: Place, entry_points: dict[str, str]) -> None:
    """``celery -A dtf dashboard`` has the same options; without its own broker Celery joins no cluster for it."""
    place.environment |= entry_points
    served = serving(place, "--read-only", argv=(CELERY, "-A", "dtf", "dashboard"))
    assert served.ask("/")[0] == 200
    assert served.ask("/api/task/revoke/x", "POST")[0] == 403
    served.command.process.terminate()
    assert served.command.wait(60).status == 0
    place.assert_nothing_left()
    wrong = place.start(CELERY, "-A", "dtf", "dashboard", "--url-prefix", "..").wait(90)
    assert (wrong.status, wrong.err.splitlines()[-1].startswith("dtf: --url-prefix")) == (2, True)


def test_flower_itself_still_works(place: Place) -> None:
    """``celery -A dtf flower`` is Flower's own command, which joins the cluster as every Celery command does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = place.start(CELERY, "-A", "dtf", "flower", f"--port={port}", "--address=127.0.0.1")
    flowers = Served(command=command, port=port)

    def answers() -> bool:
        try:
            return flowers.ask("/healthcheck") == (200, "OK")
        except OSError:
            return False

    assert until(answers, 90), command.said
    command.process.terminate()
    command.wait(60)


def test_what_cannot_be_served_is_told_in_one_line(place: Place) -> None:
    """With the exit status of its kind, and nothing is left running."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        cases: list[tuple[list[str], dict[str, str], int, str]] = [
            (["--port", port], {}, 2, "cannot listen on 127.0.0.1"),
            (["--address", "no.such.name.invalid"], {}, 2, "cannot listen on no.such.name.invalid"),
            (["--address", "a" * 300], {}, 2, "cannot listen on aaa"),
            (["--address", ""], {}, 2, "--address is empty"),
            (["--update-interval", "nan"], {}, 2, "--update-interval"),
            ([], {"FLOWER_BASIC_AUTH": "u:p"}, 2, "FLOWER_BASIC_AUTH"),
            (["--url-prefix", "a/../b"], {}, 2, "--url-prefix"),
            (["--allow-host", "http://lab"], {}, 2, "--allow-host"),
            ([], {"DTF_BROKER_URL": "redis://127.0.0.1:1/0"}, 2, "DTF_DATABASE_URL"),
            (
                [],
                {"DTF_BROKER_URL": "redis://127.0.0.1:1/0", "DTF_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"},
                10,
                "database",
            ),
        ]
        for arguments, settings, status, told in cases:
            done = place.start(DTF, "dashboard", *arguments, extra=settings).wait(90)
            last = done.err.splitlines()[-1]
            assert (done.status, last.startswith("dtf: "), told in last) == (status, True, True), (arguments, done.err)
            assert "Traceback" not in done.err


def test_a_broker_that_does_not_answer_is_told_once(place: Place, tmp_path: Path) -> None:
    """The ledger is shown; the page of the broker says what is wrong."""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    place.environment |= {"DTF_BROKER_URL": "redis://:hidden@127.0.0.1:1/0", "DTF_DATABASE_URL": url}
    assert place.dtf("init-db").status == 0
    served = serving(place)
    assert until(lambda: "the broker sends no events" in served.command.said, 60), served.command.said
    status, body = served.ask("/broker")
    assert (status, "the broker does not answer" in body) == (200, True)
    for _ in range(3):
        assert served.ask("/workers?refresh=1&json=1")[0] == 200
    served.command.process.terminate()
    said = served.command.wait(60).err
    assert said.count("the broker sends no events") == 1
    assert said.count("workers are not asked") <= 1
    assert "hidden" not in said
    assert "Traceback" not in said, said
