import json
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dtf.domain.clock import SystemClock
from dtf.domain.worker import Device, DeviceState
from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.probes import browser_cache
from dtf.execution.probes.browser_cache import VALID_S, Asked, BrowserCache
from tests.support.fake_clock import FakeClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file, in a state directory that is there."""
    return tmp_path / "worker" / "browsers.json"


@pytest.fixture
def choice(tmp_path: Path) -> BrowserChoice:
    """A browser that is installed."""
    program = tmp_path / "chromium"
    program.write_text("one")
    return BrowserChoice(browser="chromium", executable=str(program))


def asked(cache: BrowserCache, choice: BrowserChoice, at: float, **reasons: str) -> Asked:
    """What it was found to have; an API with a reason failed."""
    details = {"browser": choice.browser, "executable": choice.executable, "channel": choice.channel}
    devices = tuple(
        Device(
            kind=api,
            name="Chromium",
            uuid=f"{api}-{choice.browser}-print",
            state=DeviceState.FAILED if api in reasons else DeviceState.AVAILABLE,
            reason=reasons.get(api, ""),
            details=details,
        )
        for api in ("webgpu", "webnn")
    )
    return Asked(key=cache.key_of(choice), asked_at=at, devices=devices)


def test_what_was_good_is_known_for_a_while(path: Path, choice: BrowserChoice) -> None:
    """Another process finds it as it was, for its time from when it was asked, and not in what was then the future."""
    clock = FakeClock()
    begun = clock.now()
    cache = BrowserCache(path, clock=clock)
    finding = asked(cache, choice, begun, webnn="navigator.ml is not there")
    cache.keep([finding])
    assert path.stat().st_mode & 0o777 == 0o600
    for age, known in ((0.0, True), (VALID_S - 1, True), (VALID_S + 1, False), (-60.0, False)):
        other = BrowserCache(path, clock=FakeClock(begun + age))
        assert other.recall([choice]) == ({choice: finding} if known else {}), age


def _touch(program: Path) -> None:
    os.utime(program, (1, 1))


def _grow(program: Path) -> None:
    times = program.stat()
    program.write_text("longer")
    os.utime(program, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize("change", [_touch, _grow, Path.unlink])
def test_a_program_that_changed_is_another_one(
    path: Path, choice: BrowserChoice, change: Callable[[Path], None]
) -> None:
    """Its time, its size and that it is there count."""
    cache = BrowserCache(path)
    cache.keep([asked(cache, choice, SystemClock().now())])
    assert choice in cache.recall([choice])
    change(Path(choice.executable))
    assert cache.recall([choice]) == {}


def test_what_else_a_finding_depends_on(
    path: Path, choice: BrowserChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version of dtf, another start of the machine, other options and another name of the browser count."""
    cache = BrowserCache(path, surroundings=["1"])
    keys = {cache.key_of(choice), cache.key_of(replace(choice, browser="custom"))}
    keys.add(BrowserCache(path, surroundings=["2"]).key_of(choice))
    monkeypatch.setattr(browser_cache, "launch_options", lambda _choice: ("--another",))
    keys.add(cache.key_of(choice))
    monkeypatch.setattr(browser_cache, "_BOOT_ID", tmp_path / "chromium")
    keys.add(BrowserCache(path, surroundings=["1"]).key_of(choice))
    assert len(keys) == 5
    assert cache.key_of(choice) in keys


@pytest.mark.parametrize(
    ("reasons", "kept"),
    [
        ({}, True),
        ({"webnn": "Error: NotSupportedError: WebNN is not supported on this platform."}, True),
        ({"webnn": "no answer within 15 s"}, False),
        ({"webgpu": "requestAdapter() gave null", "webnn": "navigator.ml is not there"}, False),
        ({"webgpu": "navigator.gpu is not there", "webnn": "navigator.ml is not there"}, False),
    ],
)
def test_only_what_was_good_is_kept(path: Path, choice: BrowserChoice, reasons: dict[str, str], kept: bool) -> None:
    """A browser with a failure that may pass, or with nothing, is asked again; what was known of it is forgotten."""
    clock = FakeClock()
    cache = BrowserCache(path, clock=clock)
    cache.keep([asked(cache, choice, clock.now())])
    cache.keep([asked(cache, choice, clock.now(), **reasons)])
    assert (choice in cache.recall([choice])) is kept


def test_several_writers(path: Path, choice: BrowserChoice, tmp_path: Path) -> None:
    """What others have found stays, and no draft is left."""
    second = BrowserChoice(browser="custom", executable=str(tmp_path / "other"))
    Path(second.executable).write_text("two")
    clock = FakeClock()
    for one in (choice, second):
        cache = BrowserCache(path, clock=clock)
        cache.keep([asked(cache, one, clock.now())])
    assert set(BrowserCache(path, clock=clock).recall([choice, second])) == {choice, second}
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def _changed(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(path.read_text())
    change(content["browsers"][0])
    path.write_text(json.dumps(content))


def _linked(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_text("{"),
        lambda path: path.write_text("[]"),
        lambda path: path.write_text('{"browsers": 7}'),
        lambda path: path.write_bytes(b"\xff\x00"),
        lambda path: path.write_text("[" * 100_000),
        lambda path: path.write_text('{"browsers": [{"key": "", "asked_at": NaN, "devices": []}]}'),
        lambda path: path.write_bytes(path.read_bytes() + b" " * 300_000),
        lambda path: _changed(path, lambda one: one.pop("devices")),
        _linked,
        _fifo,
        _directory,
    ],
)
def test_a_file_that_cannot_be_used(
    path: Path, choice: BrowserChoice, spoil: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    """One warning names it, nothing is known, and what is found next takes its place where it can."""
    clock = FakeClock()
    cache = BrowserCache(path, clock=clock)
    finding = asked(cache, choice, clock.now())
    cache.keep([finding])
    spoil(path)
    with caplog.at_level(logging.WARNING):
        assert cache.recall([choice]) == {}
    (record,) = caplog.records
    assert str(path) in record.getMessage()
    cache.keep([finding])
    if spoil is not _directory:
        assert cache.recall([choice]) == {choice: finding}
        assert len(caplog.records) == 1
    else:
        assert "cannot be remembered" in caplog.records[1].getMessage()
        assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.update(asked_at="now"),
        lambda one: one["devices"][0].update(name=7),
        lambda one: one["devices"][0].update(simulated=True),
        lambda one: one["devices"][0].update(uuid="webgpu-firefox-print"),
        lambda one: one["devices"][0]["details"].update(executable="/bin/sh"),
        lambda one: one["devices"][0]["details"].update(features=["a"]),
        lambda one: one.update(devices=[]),
    ],
)
def test_devices_that_are_not_the_browsers(
    path: Path, choice: BrowserChoice, change: Callable[[dict[str, Any]], object]
) -> None:
    """What does not fit the browser is not believed: a device's program is started later."""
    clock = FakeClock()
    cache = BrowserCache(path, clock=clock)
    cache.keep([asked(cache, choice, clock.now())])
    _changed(path, change)
    assert cache.recall([choice]) == {}


def test_somebody_elses_file(path: Path, choice: BrowserChoice, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another user wrote is not believed."""
    cache = BrowserCache(path)
    cache.keep([asked(cache, choice, SystemClock().now())])
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert cache.recall([choice]) == {}


def test_without_a_state_directory_nothing_is_written(tmp_path: Path, choice: BrowserChoice) -> None:
    """Who only looks at a machine leaves nothing behind."""
    cache = BrowserCache(tmp_path / "state" / "worker" / "browsers.json")
    cache.keep([asked(cache, choice, SystemClock().now())])
    assert not (tmp_path / "state").exists()
