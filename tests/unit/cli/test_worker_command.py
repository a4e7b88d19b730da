from pathlib import Path
from typing import Any

import pytest

from dtf.bootstrap.supervisor import worker_command
from dtf.cli.commands.worker import celery_arguments, worker_environment
from dtf.cli.profiles import find_profile
from dtf.domain.errors import BadInputError
from dtf.embedded.workforce import WorkerPlan

GIVEN: dict[str, Any] = {"slots": None, "pool": None, "loglevel": "INFO", "name": ""}


def test_without_options_the_worker_chooses_for_itself() -> None:
    """Queues and slots come from the devices."""
    assert celery_arguments(GIVEN, "", None, named=False) == ("-A", "dtf", "worker", "--loglevel", "INFO")


def test_the_command_line_outweighs_the_profile(tmp_path: Path) -> None:
    """A profile is what holds where nothing else is said."""
    file = tmp_path / "mine.toml"
    file.write_text('queue = "cuda"\nconcurrency = 3\npool = "solo"\ndevices = ["GPU-1", "GPU-2"]\ntags = ["x"]\n')
    profile = find_profile(str(file))
    plain = celery_arguments(GIVEN, "", profile, named=False)
    assert plain[5:] == ("--queues", "cuda", "--concurrency", "3", "--pool", "solo")
    told = celery_arguments({**GIVEN, "slots": 1, "pool": "prefork", "name": "w"}, "cpu", profile, named=False)
    assert told[5:] == ("--queues", "cpu", "--concurrency", "1", "--pool", "prefork", "--hostname", "w@%h")
    environment = worker_environment("a, b", profile, {"PATH": "/bin"})
    assert environment == {"PATH": "/bin", "DTF_WORKER_DEVICES": "GPU-1,GPU-2", "DTF_WORKER_TAGS": "x,a,b"}


@pytest.mark.parametrize(("name", "slots"), [("benchmark", "1"), ("light", "1"), ("test", None)])
def test_the_named_profiles_leave_the_queues_to_the_devices(name: str, slots: str | None) -> None:
    """benchmark, test and light say how much runs at a time, not on what."""
    arguments = celery_arguments(GIVEN, "", find_profile(name), named=True)
    assert "--queues" not in arguments
    assert ("--concurrency" in arguments) == (slots is not None)


def test_a_misspelt_profile_is_told() -> None:
    """It is not taken for a file."""
    with pytest.raises(BadInputError, match="did you mean 'benchmark'"):
        find_profile("benchmrk")


def test_the_embedded_clusters_workers_are_celerys() -> None:
    """What runs in the private cluster is what a user would start."""
    command = worker_command(WorkerPlan(name="cpu-1", queue="cpu", slots=2))
    assert command[1:] == (
        *("-P", "-m", "celery", "-A", "dtf", "worker", "--queues", "cpu"),
        *("--hostname", "cpu-1@%h", "--loglevel", "INFO", "--concurrency", "2"),
    )
