"""The Dockerfile and the compose file: what can be known of them without an engine that builds and starts them."""

import json
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dtf.execution import worker_step
from dtf.execution.worker_setup import WorkerSetup
from dtf.settings.fields import BY_VARIABLE
from tests.support import image_files
from tests.support.image_files import COMPOSE, DOCKERFILE, ROOT, command_of, own_services, seconds

STAGES = image_files.stages()
TARGETS = image_files.targets(STAGES)
LAB = image_files.compose({"BROKER_PASSWORD": "b0", "DATABASE_PASSWORD": "d1"})
SERVICES: dict[str, Any] = LAB["services"]
OWN = dict(own_services(LAB))
#: A tag that names a version.
PINNED = re.compile(r"[\w./-]+:\w*\d+\.\d+[\w.-]*")


def tool(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a program of this virtual environment."""
    argv = [str(Path(sys.executable).with_name(name)), *arguments]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)


def git_ignores(path: str) -> bool:
    """Whether git ignores a path of the tree."""
    return subprocess.run(["git", "check-ignore", "--quiet", path], cwd=ROOT, check=False).returncode == 0


def test_the_linter_finds_nothing_in_the_dockerfile() -> None:
    """hadolint, and shellcheck in it, have nothing to say of the Dockerfile beyond what docker/hadolint.yaml allows."""
    done = tool("hadolint", "--config", "docker/hadolint.yaml", "docker/Dockerfile")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_compose_file_is_one(tmp_path: Path) -> None:
    """docker/compose.yaml is what the Compose specification's schema allows, also with its variables filled in."""
    filled = tmp_path / "compose.json"
    filled.write_text(json.dumps(LAB))
    done = tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker/compose.yaml", str(filled))
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_a_target_for_each_part() -> None:
    """The targets are those of the documentation, each is built by a service, and each service builds one."""
    assert set(TARGETS) == {
        "coordinator",
        "dashboard",
        *(f"worker-{kind}" for kind in ("cpu", "cuda", "rocm", "webgpu")),
    }
    assert {service["build"]["target"] for service in OWN.values()} == set(TARGETS)
    page = (ROOT / "docs" / "docker.md").read_text()
    assert [name for name in (*TARGETS, *SERVICES) if f"`{name}`" not in page] == []
    for service in OWN.values():
        assert (COMPOSE.parent / service["build"]["context"]).resolve() == ROOT
        assert ROOT / service["build"]["dockerfile"] == DOCKERFILE
        assert service["pull_policy"] == "build"  # no image of that name is taken from a registry


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_what_is_copied_exists(stage: image_files.Stage) -> None:
    """Each source of a COPY is in the tree, known to git and given to the build; each stage named is an earlier one."""
    names = list(STAGES)
    ignored = (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text().splitlines()
    for copy in stage.copies:
        assert not copy.stage or copy.stage in names[: names.index(stage.name)]
        for source in copy.sources if not copy.stage else ():
            assert (ROOT / source).exists()
            assert not git_ignores(source)
            assert ignored[1] == "*"
            assert f"!{Path(source).parts[0]}" in ignored
            hidden = [line for line in ignored[2:] if not line.startswith("!")]
            assert not any(fnmatch(source.rstrip("/"), line) for line in hidden)


def test_each_image_is_pinned_by_a_version() -> None:
    """Each image from elsewhere has a tag with a version; images of our own have none."""
    foreign = {stage.image for stage in STAGES.values() if stage.before is None}
    foreign |= {service["image"] for name, service in SERVICES.items() if name not in OWN}
    assert foreign
    assert [image for image in foreign if not PINNED.fullmatch(image)] == []


@pytest.mark.parametrize("name", [*TARGETS, *OWN])
def test_each_command_is_one_of_dtf(name: str) -> None:
    """What a target or a service runs is in exec form below tini, and dtf knows the command and each option."""
    command = STAGES[name].command if name in STAGES else command_of(OWN[name], STAGES)
    assert command[:3] == ["/usr/bin/tini", "--", "dtf"]
    argv = [sys.executable, "-m", "dtf", *command[3:], "--help"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Usage: dtf {command[3]}")


def test_each_variable_is_a_setting() -> None:
    """Each DTF_ variable of an image or a service is a setting, and its value is one that dtf takes."""
    given = [pair for stage in STAGES.values() for pair in stage.environment.items()]
    given += [pair for service in SERVICES.values() for pair in service.get("environment", {}).items()]
    ours = [(name, value) for name, value in given if name.startswith("DTF_")]
    assert {"DTF_BROKER_URL", "DTF_DATABASE_URL", "DTF_STATE_DIR", "DTF_WEB_ASSETS"} == {name for name, _ in ours}
    for name, value in ours:
        assert BY_VARIABLE[name].parse(value) is not None


def test_urls_name_services_and_their_ports() -> None:
    """Each host in a URL of a service's environment is a service that it comes after, with the port it listens on."""
    for name, service in OWN.items():
        urls = [urlsplit(value) for value in service["environment"].values() if "://" in value]
        assert len(urls) == 2
        for url in urls:
            other = SERVICES[url.hostname]
            assert [published.rpartition(":")[2] for published in other["ports"]] == [str(url.port)]
            assert name == "init-db" or {"init-db", "broker"} == set(service["depends_on"])
    database = SERVICES["database"]["environment"]
    url = urlsplit(OWN["coordinator"]["environment"]["DTF_DATABASE_URL"])
    assert (url.username, url.path) == (database["POSTGRES_USER"], f"/{database['POSTGRES_DB']}")
    assert url.password == database["POSTGRES_PASSWORD"] == "d1"
    assert urlsplit(OWN["coordinator"]["environment"]["DTF_BROKER_URL"]).password == "b0"
    assert SERVICES["broker"]["environment"] == {"VALKEYCLI_AUTH": "b0"}


def test_what_a_service_waits_for_can_come() -> None:
    """A service waits for one that has a health check to be healthy, and for one that ends and is not started anew."""
    waits = [
        (other, wait["condition"])
        for service in SERVICES.values()
        for other, wait in service.get("depends_on", {}).items()
    ]
    assert waits
    for other, condition in waits:
        if condition == "service_healthy":
            assert SERVICES[other]["healthcheck"]["test"]
        else:
            assert condition == "service_completed_successfully"
            assert SERVICES[other]["restart"] == "no"
    assert [name for name, service in SERVICES.items() if "healthcheck" not in service] == ["init-db"]


def test_ports_are_published_on_the_loopback_device() -> None:
    """Each published port is one of this machine's alone, and the dashboard's is the one that it listens on."""
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert len(published) == 3
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []
    listens = command_of(OWN["dashboard"], STAGES)
    port = listens[listens.index("--port") + 1]
    assert listens[listens.index("--address") + 1] == "0.0.0.0"  # noqa: S104  # in the container alone
    assert STAGES["dashboard"].values("EXPOSE") == [port]
    assert OWN["dashboard"]["ports"] == [f"127.0.0.1:8050:{port}"]
    assert f"http://127.0.0.1:{port}/" in OWN["dashboard"]["healthcheck"]["test"][-1]
    assert "dashboard" in [host for flag, host in pairwise(listens) if flag == "--allow-host"]


def test_nobody_is_root_and_little_can_be_written() -> None:
    """Each image and service has a user that is not root, no rights beyond it, and a file system that is read-only."""
    for target in TARGETS:
        assert STAGES[target].values("USER")[-1] == "10001:10001"
    for name, service in SERVICES.items():
        assert name in OWN or service["user"] in ("valkey", "postgres")
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        # valkey writes nowhere but beside its data
        assert name == "broker" or any(place.startswith("/tmp:") for place in service["tmpfs"])
        assert not {"privileged", "cap_add", "network_mode", "pid", "ipc"} & service.keys()


def test_there_is_time_to_stop() -> None:
    """Each service that runs on has more time to stop than it needs; a worker first finishes what it runs."""
    drain_s = WorkerSetup().guardian_stop_s + worker_step._DRAIN_S
    for name, service in SERVICES.items():
        if service["restart"] != "no":
            least = 10 * drain_s if name.startswith("worker-") else 30
            assert seconds(service["stop_grace_period"]) >= least, name


def test_the_devices_are_given() -> None:
    """NVIDIA's by a reservation, AMD's by device files and groups, browsers have shared memory and fonts."""
    (device,) = SERVICES["worker-cuda"]["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])
    assert [path.partition(":")[0] for path in SERVICES["worker-rocm"]["devices"]] == ["/dev/kfd", "/dev/dri"]
    assert len(SERVICES["worker-rocm"]["group_add"]) == 2
    assert SERVICES["worker-webgpu"]["shm_size"] == "1g"
    packages = " ".join(STAGES["worker-webgpu"].runs)
    assert all(word in packages for word in ("chromium", "firefox-esr", "mesa-vulkan-drivers", "fonts-noto-core"))
    assert {service["profiles"][0] for name, service in OWN.items() if "profiles" in service} == {
        "cuda",
        "rocm",
        "webgpu",
    }


def test_no_secret_is_in_the_tree() -> None:
    """The passwords must be given, by a file that git ignores; its example names every variable, and no password."""
    example = (ROOT / "docker" / "env.example").read_text()
    named = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", example, flags=re.MULTILINE))
    known = image_files.variables()
    assert named.keys() == known.keys()
    assert {name for name, defaults in known.items() if not defaults} == {"BROKER_PASSWORD", "DATABASE_PASSWORD"}
    assert named["BROKER_PASSWORD"] == named["DATABASE_PASSWORD"] == ""
    assert git_ignores("docker/.env")
    with pytest.raises(KeyError):
        image_files.compose({"BROKER_PASSWORD": "b0"})


def test_what_is_installed_is_what_the_project_names() -> None:
    """Each extra of a RUN is one of the project's, and the runtime for CUDA has the version that was tested."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [line for stage in STAGES.values() for line in stage.runs]
    extras = {word for line in lines for group in re.findall(r"\.whl\)\[([\w,]+)\]", line) for word in group.split(",")}
    assert extras == {"learn", "dashboard", "models", "browser"}
    assert extras <= project["optional-dependencies"].keys()
    pinned = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    (gpu,) = re.findall(r"onnxruntime-gpu\[cuda,cudnn\]==([\d.]+)", " ".join(lines))
    assert gpu == pinned["onnxruntime"]
    assert [line for line in lines if "pip install" in line and "--only-binary :all:" not in line] == []
