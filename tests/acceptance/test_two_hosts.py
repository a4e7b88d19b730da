"""A cluster over two hosts that share nothing but the installed software: another network, user and file system."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.harness.hosts import NOBODY, SecondHost, second_host
from tests.acceptance.harness.place import DTF, TOKEN_VARIABLE, Place, Started, tally, until
from tests.acceptance.harness.plain import differences, plain_outcomes
from tests.acceptance.harness.servers import broker, database
from tests.acceptance.test_same_as_pytest import CONFORMANCE
from tests.acceptance.test_two_terminals import online, task_file

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("setpriv") or not shutil.which("unshare"),
    reason="a second host needs root, iproute2 and util-linux",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster whose only worker is on the second host.

    Attributes:
        place: Where its client works.
        host: The second host.
        worker: The worker there.
    """

    place: Place
    host: SecondHost
    worker: Started


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Servers and a coordinator on the first host, one worker with two slots on the second."""
    tmp_path = tmp_path_factory.mktemp("hosts")
    client = tmp_path / "client"
    client.mkdir(mode=0o700)
    with (
        tempfile.TemporaryDirectory(prefix="dtf-servers-") as opened,
        second_host(tmp_path / "second") as host,
        broker(host.first_address, Path(opened)) as broker_url,
        database(host.first_address, Path(opened)) as database_url,
    ):
        place = Place(client, DTF_BROKER_URL=broker_url, DTF_DATABASE_URL=database_url)
        try:
            initialised = place.dtf("init-db")
            assert initialised.status == 0, initialised.err
            place.start(DTF, "coordinator")
            urls = {name: place.environment[name] for name in ("DTF_BROKER_URL", "DTF_DATABASE_URL", TOKEN_VARIABLE)}
            settings = [f"{key}={value}" for key, value in (host.environment() | urls).items()]
            worker = place.start(*host.command("env", "-i", *settings, DTF, "worker", "--concurrency", "2"))
            assert until(lambda: online(place) == 1, 60, every_s=0.5), worker.said
            yield Cluster(place=place, host=host, worker=worker)
        finally:
            place.kill_all()


def test_the_conformance_suite_on_the_other_host(cluster: Cluster) -> None:
    """The conformance suite travels as a bundle; there a part of it has the outcomes that it has here."""
    part = ("-k", "test_reduce or test_conv or test_sequence")
    plain = plain_outcomes(CONFORMANCE, *part, environment=cluster.place.environment, scratch=cluster.place.directory)
    assert len(plain) > 100
    done = cluster.place.dtf("run", str(CONFORMANCE), *part, "--json", timeout_s=280)
    assert done.status == 0, done.out + done.err
    report = json.loads(cluster.place.dtf("report", done.answer["run_id"], "--format", "json").out)
    ours = tally([case for job in report["job_list"] for case in job["case_list"]])
    assert differences(plain, ours) == []
    hosts = {attempt["proof"].get("user", "nobody") for attempt in report["attempt_list"]}
    assert hosts == {"nobody"}


def test_local_packages_data_and_artifacts(cluster: Cluster) -> None:
    """The tests of a project find its package and data files there; artifacts and captured output come back."""
    project = cluster.place.directory / "project"
    for name, content in _PROJECT.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(content)
    done = cluster.place.dtf("run", "tests", "--json", cwd=project)
    assert done.status == 1, done.out + done.err
    counts = {name: number for name, number in done.answer["counts"].items() if number}
    assert counts == {"passed": 3, "failed": 1}
    run = done.answer["run_id"]
    report = cluster.place.dtf("report", run, "--format", "json").out
    assert "a word of the failing test" in report
    made = json.loads(report)["artifact_list"][0]
    assert (made["name"], made["size"]) == ("made.txt", len("made on the other host"))
    fetched = cluster.place.dtf("report", run, "--artifacts", "fetched", "--json").answer["artifacts"]
    assert [Path(cluster.place.directory, path).read_text() for path in fetched] == ["made on the other host"]
    audit = cluster.place.dtf("audit", run, "--json").answer
    assert audit["ok"]


def test_the_log_of_a_command(cluster: Cluster) -> None:
    """What a command prints on the other host is in its log here."""
    code = "import os; print('written by user', os.getuid())"
    done = cluster.place.dtf("submit", "--task-file", task_file(cluster.place.directory, code=code), "--wait", "--json")
    assert done.status == 0, done.out + done.err
    assert f"written by user {NOBODY}" in cluster.place.dtf("logs", "last").out


_PROJECT = {
    "pytest.ini": "[pytest]\npythonpath = src\n",
    "src/package/__init__.py": "ANSWER = 42\n",
    "data/numbers.txt": "1 2 3\n",
    "tests/conftest.py": "import pathlib, pytest\n@pytest.fixture\ndef data():\n    return pathlib.Path('data')\n",
    "tests/test_all.py": """
import os, pathlib, pwd
import package

def test_the_package_is_found():
    assert package.ANSWER == 42

def test_the_data_are_found(data):
    assert (data / "numbers.txt").read_text() == "1 2 3\\n"

def test_an_artifact_is_left():
    pathlib.Path(os.environ["DTF_ARTIFACTS_DIR"], "made.txt").write_text("made on the other host")

def test_it_fails_on_the_other_host():
    print("a word of the failing test")
    assert pwd.getpwuid(os.getuid()).pw_name != "nobody"
""",
}
