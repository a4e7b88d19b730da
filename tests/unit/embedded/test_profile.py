import os
from pathlib import Path

import pytest

from dtf.domain.codec import from_json, to_json
from dtf.domain.errors import BadInputError
from dtf.execution.profile import WorkerProfile, load_profile, parse_profile

PROFILES = Path(__file__).resolve().parents[3] / "workers"


@pytest.mark.parametrize("tag", ["cpu", "cuda", "rocm", "webgpu"])
def test_the_profiles_that_come_with_dtf_are_valid(tag: str) -> None:
    """Each serves the queue that it is named after, and survives the way over the control socket."""
    profile = load_profile(PROFILES / f"{tag}.toml")

    assert (profile.name, profile.queue) == (tag, tag)
    assert from_json(WorkerProfile, to_json(profile)) == profile


def test_every_key_is_read() -> None:
    """What stands in the file is what the worker gets."""
    text = 'queue="cuda"\ndevices=["GPU-1"]\nconcurrency=2\npool="solo"\ntags=["big"]\n[environment]\nA="1"\n'

    assert parse_profile(text, name="n", origin="o") == WorkerProfile(
        name="n", queue="cuda", devices=("GPU-1",), concurrency=2, pool="solo", tags=("big",), environment={"A": "1"}
    )


def test_devices_that_are_named_hide_the_others() -> None:
    """The vendor's variable is set for the worker; nothing is set when all may be used."""
    profile = WorkerProfile(name="n", queue="cuda", devices=("GPU-1", "GPU-2"), environment={"A": "1"})

    assert profile.variables == {"A": "1", "DTF_WORKER_DEVICES": "GPU-1,GPU-2"}
    assert WorkerProfile(name="n", queue="rocm", share_gb=8).variables == {"DTF_DEVICE_SHARE_GB": "8"}
    assert WorkerProfile(name="n", queue="cuda").variables == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "queue: missing"),
        ("queue = ", "not TOML"),
        ("a = " + "[" * 5000, "not TOML"),
        ('queue = "cpuu"', "did you mean 'cpu'?"),
        ("queue = 3", "queue: must be a text"),
        ('queue = "cpu"\nconcurency = 2', "did you mean 'concurrency'?"),
        ('queue = "cpu"\nzzz = 2', "unknown key; known: queue"),
        ('queue = "cpu"\nconcurrency = -1', "from 0 to 1024"),
        ('queue = "cpu"\nconcurrency = true', "from 0 to 1024"),
        ('queue = "cpu"\nconcurrency = nan', "from 0 to 1024"),
        ('queue = "cpu"\npool = "gevent"', "prefork or solo"),
        ('queue = "cpu"\npool = []', "prefork or solo"),
        ('queue = "cpu"\ndevices = "all"', "list of texts"),
        ('queue = "cpu"\ndevices = [1]', "list of texts"),
        ('queue = "cpu"\nenvironment = 1', "must be a table"),
        ('queue = "cpu"\nenvironment = {A = 1}', "environment.A: must be a text"),
        ('queue = "cpu"\nenvironment = {A = "a\\u0000"}', "environment.A: must be a text"),
        ('queue = "cpu"\nenvironment = {"A=B" = "1"}', "not a variable's name"),
        ('queue = "cpu"\nenvironment = {DTF_BROKER_URL = "x"}', "dtf's own settings"),
    ],
)
def test_a_wrong_profile_is_a_clear_error(text: str, message: str) -> None:
    """The message names the file, the key and what would be right."""
    with pytest.raises(BadInputError) as caught:
        parse_profile(text, name="n", origin="some.toml")

    assert message in str(caught.value)
    assert str(caught.value).startswith("some.toml: ")


def test_all_problems_are_told_at_once() -> None:
    """Nobody wants to mend a file one message at a time."""
    with pytest.raises(BadInputError) as caught:
        parse_profile('quue = "cpu"\npool = "x"\n', name="n", origin="o")

    assert len(str(caught.value).splitlines()) == 3


def test_what_is_no_readable_file_is_a_clear_error(tmp_path: Path) -> None:
    """A missing file, a directory, a FIFO, one too large, one that is not UTF-8: none hangs or is half read."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "large").write_bytes(b"#" * 70000)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")

    for name, message in [
        ("missing", "No such file"),
        (".", "not a file"),
        ("fifo", "not a file"),
        ("large", "larger than"),
        ("binary", "not UTF-8"),
        ("nul\0", "embedded null"),
    ]:
        with pytest.raises(BadInputError, match=message):
            load_profile(tmp_path / name)
