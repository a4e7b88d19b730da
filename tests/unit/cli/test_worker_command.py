from pathlib import Path
from typing import Any

import pytest

from dtf.bootstrap.supervisor import worker_command
from dtf.cli.commands.worker import _check_tags, _queues, celery_arguments, worker_environment
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


def test_requirement_queues_are_taken_in_canonical_form() -> None:
    """As `dtf workers` shows them, whichever way they were written."""
    assert _queues("cpu, cuda[webnn;VRAM_GB>=24]") == "cpu,cuda[vram_gb>=24;webnn]"
    for text in ("cdua", "cuda[", "cuda[vram_gb>>1]", "[webnn]", "cuda[x\ny]"):
        with pytest.raises(BadInputError) as caught:
            _queues(text)
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("tags", ["", " , ", "gpu,cuda,transformers", " rack-7 , A.b_c,"])
def test_tags_that_can_be_required(tags: str) -> None:
    """Words, with commas between them."""
    _check_tags(tags)
    assert worker_environment(tags, None, {}).get("DTF_WORKER_TAGS", "") == ",".join(
        word.strip() for word in tags.split(",") if word.strip()
    )


@pytest.mark.parametrize("tags", ["gpu,a=b", "7", "a;b", "x\ny", "vram_gb>=1", "x" * 65, "gpu,devices=2"])
def test_tags_that_no_requirement_could_name(tags: str) -> None:
    """They are refused, since no job could ever ask for them."""
    with pytest.raises(BadInputError, match="is no tag") as caught:
        _check_tags(tags)
    assert str(caught.value).isprintable()
