import dataclasses
import os
from pathlib import Path

import pytest

from dtf.domain.errors import SettingsError
from dtf.settings import SETTINGS, Mode, Settings, load_settings

DEPLOYMENTS = sorted((Path(__file__).parents[3] / "config").glob("*.toml"))


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment with a home directory alone."""
    return {"HOME": str(tmp_path)}


def config(tmp_path: Path, text: str) -> dict[str, str]:
    """An environment that names a settings file with this text."""
    file = tmp_path / "dtf.toml"
    file.write_text(text)
    return {"HOME": str(tmp_path), "DTF_CONFIG": str(file)}


def test_the_class_and_the_table_name_the_same_settings_with_the_same_defaults(home: dict[str, str]) -> None:
    """No setting can be in one of the two places only."""
    names = {f.name for f in dataclasses.fields(Settings)} - {"origins"}
    assert names == {s.name for s in SETTINGS}
    loaded = load_settings(home)
    assert loaded == Settings(state_dir=loaded.state_dir)


def test_without_any_setting_the_mode_is_embedded_below_the_home_directory(home: dict[str, str]) -> None:
    """dtf works with no setting at all."""
    settings = load_settings(home)
    assert settings.mode is Mode.EMBEDDED
    assert settings.state_dir == Path(home["HOME"]) / ".local/state/dtf"


def test_a_flag_outranks_a_variable_which_outranks_the_file(tmp_path: Path) -> None:
    """Code default < TOML < DTF_* < flag, and each value's origin is known."""
    environ = config(tmp_path, "lease_s = 5\npoll_s = 1\nheartbeat_s = 2\n") | {"DTF_POLL_S": "0.5", "DTF_LEASE_S": "6"}
    settings = load_settings(environ, {"lease_s": 7})
    assert (settings.lease_s, settings.poll_s, settings.heartbeat_s) == (7.0, 0.5, 2.0)
    assert settings.origins["lease_s"] == "--lease-s"
    assert settings.origins["poll_s"] == "DTF_POLL_S"
    assert settings.origins["heartbeat_s"].endswith("dtf.toml: heartbeat_s")
    assert settings.origins["window_s"] == "default"


def test_all_errors_are_told_at_once_with_suggestions(tmp_path: Path) -> None:
    """One start shows every mistake, in the file and in the environment."""
    environ = config(tmp_path, 'leese_s = 5\npoll_s = "often"\n')
    environ |= {"DTF_HEARTBEAT_S": "-1", "DTF_BROKER_URI": "redis://h"}
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    message = str(caught.value)
    for part in ("'leese_s' (did you mean 'lease_s'?)", "poll_s must be a number", "DTF_HEARTBEAT_S must be from"):
        assert part in message
    assert "DTF_BROKER_URI (did you mean 'DTF_BROKER_URL'?)" in message


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "", "0", "-5", "3601", "x", "1\0"])
def test_a_number_outside_its_bounds_is_refused(home: dict[str, str], value: str) -> None:
    """Not-a-number and infinity are no durations; an empty variable counts as unset."""
    if value == "":
        assert load_settings(home | {"DTF_LEASE_S": value}).lease_s == 30.0
        return
    with pytest.raises(SettingsError, match="DTF_LEASE_S"):
        load_settings(home | {"DTF_LEASE_S": value})


@pytest.mark.parametrize("text", ["lease_s = true", "lease_s = [1]", "state_dir = 5", "output_cap_bytes = 4096.5"])
def test_a_value_of_the_wrong_type_is_refused(tmp_path: Path, text: str) -> None:
    """TOML's types are not bent."""
    with pytest.raises(SettingsError, match=r"must be a"):
        load_settings(config(tmp_path, text))


def test_settings_that_contradict_each_other_are_refused(home: dict[str, str]) -> None:
    """A lease that ends before it is renewed would lose every claim."""
    with pytest.raises(SettingsError, match="lease_s"):
        load_settings(home | {"DTF_LEASE_S": "2", "DTF_POLL_S": "2"})


def test_one_url_without_the_other_is_an_error_that_says_so(home: dict[str, str]) -> None:
    """Half a cluster is no cluster."""
    settings = load_settings(home | {"DTF_BROKER_URL": "redis://h"})
    with pytest.raises(SettingsError, match="database_url is not"):
        _ = settings.mode


def test_passwords_are_masked_wherever_settings_are_shown(home: dict[str, str]) -> None:
    """Neither repr, nor the shown values, nor an error message repeats a password."""
    environ = home | {"DTF_BROKER_URL": "redis://:s3cr@t@h:1/0", "DTF_DATABASE_URL": "postgresql://u:s3cr@t@h/d"}
    settings = load_settings(environ)
    assert settings.mode is Mode.CLUSTER
    assert "s3cr" not in repr(settings) + str(settings.shown())
    assert settings.broker_url == "redis://:s3cr@t@h:1/0"
    with pytest.raises(SettingsError) as caught:
        load_settings(home | {"DTF_BROKER_URL": "http://u:s3cr@t@h", "DTF_DATABASE_URL": "redis://u:s3cr@t@h:x"})
    assert "s3cr" not in str(caught.value)


def test_a_named_file_must_exist_and_be_a_file(tmp_path: Path) -> None:
    """A FIFO named as settings file does not block, a missing one is told, a broken one with its line."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for file in (fifo, tmp_path, tmp_path / "missing"):
        with pytest.raises(SettingsError, match=str(file)):
            load_settings({"HOME": str(tmp_path), "DTF_CONFIG": str(file)})
    with pytest.raises(SettingsError, match="line 2"):
        load_settings(config(tmp_path, "lease_s = 5\npoll_s = \n"))


def test_what_dtf_tells_the_tests_it_runs_is_no_unknown_setting(home: dict[str, str]) -> None:
    """dtf can run inside a test that dtf runs."""
    environ = home | {"DTF_OWNER": "w:1:2", "DTF_RUN_ID": "r1", "DTF_ARTIFACTS_DIR": "/tmp/a", "DTF_TEST_X": "y"}
    assert load_settings(environ).mode is Mode.EMBEDDED


@pytest.mark.parametrize("file", DEPLOYMENTS, ids=lambda file: file.name)
def test_the_example_deployments_can_be_used(home: dict[str, str], file: Path) -> None:
    """What config/ shows is valid."""
    _ = load_settings(home | {"DTF_CONFIG": str(file)}).mode


def test_there_are_example_deployments() -> None:
    """The test above has something to look at."""
    assert len(DEPLOYMENTS) >= 2


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("DTF_BREAKER", "learnt", "must be one of learned, constants, fixed, metrics, off, not 'learnt' (did you mean"),
        ("DTF_BREAKER_FAILURES", "1", "must be from 2 to 10, not 1"),
        ("DTF_BREAKER_FAILURES", "2.5", "must be a whole number"),
        ("DTF_BREAKER_WAIT_S", "0", "must be from 0.05 to 600"),
        ("DTF_BREAKER_PROBES", "0", "must be from 1 to 100"),
        ("DTF_BREAKER_OPEN_AT", "1", "must be from 0.5 to 0.999"),
    ],
)
def test_a_breakers_numbers_have_bounds(home: dict[str, str], name: str, value: str, part: str) -> None:
    """No setting can make a breaker that never opens, or never probes."""
    with pytest.raises(SettingsError) as caught:
        load_settings(home | {name: value})
    assert f"{name} {part}" in str(caught.value)
    assert load_settings(home | {"DTF_BREAKER": " Fixed "}).breaker == "fixed"
