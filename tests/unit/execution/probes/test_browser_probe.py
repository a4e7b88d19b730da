import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dtf.domain.errors import BadInputError
from dtf.domain.worker import Device, DeviceState
from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.probes import browser
from dtf.execution.probes.browser_cache import BrowserCache
from dtf.execution.probes.browser_search import BrowserSearch
from tests.support.fake_clock import FakeClock

_PRINT = "0123456789abcdef"
_SOFTWARE = {
    "browser": "chromium",
    "version": "156.0.1.2",
    "executable": "/usr/bin/chromium",
    "channel": "",
    "webgpu": {
        "available": True, "reason": "", "vendor": "google", "architecture": "swiftshader", "description": "",
        "software": True, "features": "shader-f16 timestamp-query",
        "limits": {"maxBufferSize": 1073741824, "maxTextureDimension2D": 8192},
        "check": "8192 numbers, largest error 1.2e-06",
    },
    "webnn": {"available": False, "reason": "NotSupportedError", "check": ""},
}  # fmt: skip


def test_a_software_adapter_says_so() -> None:
    """Each browser is a device for each API, with what the adapter tells; SwiftShader is named and marked."""
    gpu, nn = browser.devices_of([_SOFTWARE], _PRINT)
    assert (gpu.kind, gpu.name, gpu.uuid) == ("webgpu", "SwiftShader in Chromium 156", "webgpu-chromium-0123456789ab")
    assert gpu.state is DeviceState.AVAILABLE
    assert gpu.details == {
        "browser": "chromium", "browser_version": "156.0.1.2", "executable": "/usr/bin/chromium", "channel": "",
        "vendor": "google", "architecture": "swiftshader", "features": "shader-f16 timestamp-query",
        "software": True, "shader_f16": True, "webnn": False, "max_buffer_size": 1073741824,
        "max_texture_dimension_2d": 8192, "probe": "browser", "check": "passed",
        "check_result": "8192 numbers, largest error 1.2e-06",
    }  # fmt: skip
    assert (nn.kind, nn.name, nn.uuid) == ("webnn", "Chromium 156", "webnn-chromium-0123456789ab")
    assert (nn.state, nn.reason) == (DeviceState.FAILED, "NotSupportedError")


def test_hardware_is_named_as_the_browser_names_it() -> None:
    """A description is the name; a browser that tells nothing leaves a nameless adapter; WebNN is told of WebGPU's."""
    told: dict[str, Any] = {"available": True, "vendor": "nvidia", "architecture": "hopper", "software": False}
    finding = {**_SOFTWARE, "browser": "firefox", "version": "153.7", "webnn": {"available": True, "check": "ok"}}
    names = [
        browser.devices_of([{**finding, "webgpu": gpu}], _PRINT)[0].name
        for gpu in (told, {**told, "description": "H100"}, {"available": True}, {"available": True, "software": True})
    ]
    assert names == [
        "nvidia hopper in Firefox 153",
        "H100 in Firefox 153",
        "an adapter without a name in Firefox 153",
        "a software adapter in Firefox 153",
    ]
    gpu, nn = browser.devices_of([{**finding, "webgpu": told}], _PRINT)
    assert (gpu.details["webnn"], gpu.details["software"], nn.name) == (True, False, "WebNN in Firefox 153")


def test_two_browsers_of_one_name_are_two_devices() -> None:
    """Browsers that a user names have identities of their own."""
    custom = {**_SOFTWARE, "browser": "custom"}
    uuids = [device.uuid for device in browser.devices_of([custom, custom, custom], _PRINT)]
    assert len(set(uuids)) == 6
    assert uuids[0] == "webgpu-custom-0123456789ab"


@pytest.fixture
def one_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with one browser, and Playwright."""
    choice = BrowserChoice(browser="chromium", executable="/usr/bin/chromium")
    monkeypatch.setattr(browser, "find_browsers", lambda: (choice,))
    monkeypatch.setattr(browser, "sparticuz_chromium", lambda _assets: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: object())


@pytest.mark.usefixtures("one_browser")
@pytest.mark.parametrize(
    ("source", "limit_s", "words"),
    [
        ("import time; time.sleep(600)", 1, "did not answer within 1 s and was killed"),
        ("import os; os.abort()", 60, "SIGABRT"),
        ("print('no JSON')", 60, "gave no answer: 'no JSON"),
        ("print('[]')", 60, "gave no answer"),
        ('print(\'[{"browser": "chromium", "version": "1"}]\')', 60, "says nothing of it"),
    ],
)
def test_a_browser_that_cannot_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, limit_s: float, words: str
) -> None:
    """A host that hangs, crashes or talks nonsense leaves failed devices with the reason."""
    (tmp_path / "stand_in_host.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(browser, "_HOST", "stand_in_host")
    found = browser.detect(_PRINT, limit_s=limit_s)
    assert [device.uuid for device in found.devices] == ["webgpu-chromium-0123456789ab", "webnn-chromium-0123456789ab"]
    for device in found.devices:
        assert device.state is DeviceState.FAILED
        assert words in device.reason


@pytest.mark.usefixtures("one_browser")
def test_without_playwright_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says what is missing and what brings it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    found = browser.detect(_PRINT)
    assert found.devices == ()
    assert "pip install 'dtf[browser]'" in found.note


@pytest.mark.usefixtures("one_browser")
def test_without_a_browser_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says what was looked for."""
    monkeypatch.setattr(browser, "find_browsers", tuple)
    found = browser.detect(_PRINT)
    assert found.devices == ()
    assert "no browser is installed" in found.note


@pytest.mark.usefixtures("one_browser")
def test_a_named_browser_that_is_not_there(tmp_path: Path) -> None:
    """What the user names must be there."""
    with pytest.raises(BadInputError, match="is not to be had"):
        browser.detect(_PRINT, BrowserSearch(named=(str(tmp_path / "none"),)))


@pytest.fixture
def three_browsers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with three browsers and a stand-in for their host; the directory, with a file of what was asked."""
    names = ("chromium", "headless-shell", "firefox")
    choices = tuple(BrowserChoice(browser=name, executable=str(tmp_path / name)) for name in names)
    for name in names:
        (tmp_path / name).touch()
    answer = {"webgpu": {"available": True}, "webnn": {"available": False, "reason": "navigator.ml is not there"}}
    (tmp_path / "stand_in_host.py").write_text(
        "import json, sys\n"
        "name, _, executable = sys.argv[sys.argv.index('--browser') + 1].partition('=')\n"
        f"open({str(tmp_path / 'asked')!r}, 'a').write(name + ' ')\n"
        f"print(json.dumps([{{'browser': name, 'executable': executable, **json.loads({json.dumps(answer)!r})}}]))\n"
    )
    monkeypatch.setattr(browser, "find_browsers", lambda: choices)
    monkeypatch.setattr(browser, "sparticuz_chromium", lambda _assets: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: object())
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(browser, "_HOST", "stand_in_host")
    return tmp_path


def asked(directory: Path) -> list[str]:
    """Which browsers were asked since the last time."""
    file = directory / "asked"
    names = file.read_text().split() if file.exists() else []
    file.write_text("")
    return names


def test_what_is_remembered_is_not_asked_again(three_browsers: Path) -> None:
    """The second time nobody is asked and the devices are the same, with when they were checked; anew asks all."""
    clock = FakeClock(1_795_357_000.0)
    cache = BrowserCache(three_browsers / "worker" / "browsers.json", clock=clock)
    first = browser.detect(_PRINT, BrowserSearch(cache=cache), clock=clock)
    assert sorted(asked(three_browsers)) == ["chromium", "firefox", "headless-shell"]
    clock.advance(60)
    assert browser.detect(_PRINT, BrowserSearch(cache=cache), clock=clock) == first
    assert asked(three_browsers) == []
    assert {device.details["checked_at"] for device in first.devices} == {"2026-11-22T14:16:40Z"}
    anew = browser.detect(_PRINT, BrowserSearch(cache=cache, anew=True), clock=clock)
    assert len(asked(three_browsers)) == 3
    assert {device.details["checked_at"] for device in anew.devices} == {"2026-11-22T14:17:40Z"}
    assert browser.detect(_PRINT, BrowserSearch(cache=cache), clock=clock) == anew


@pytest.mark.parametrize(
    ("wanted", "likely", "first"),
    [
        ("", frozenset[str](), ["chromium"]),
        ("firefox", frozenset({"firefox"}), ["firefox"]),
        ("firefox", frozenset[str](), ["chromium", "headless-shell", "firefox"]),
        ("opera", frozenset({"opera"}), ["chromium", "headless-shell", "firefox"]),
    ],
)
def test_no_more_browsers_are_asked_than_needed(
    three_browsers: Path, wanted: str, likely: frozenset[str], first: list[str]
) -> None:
    """The likely ones come first, and no other is asked once there is enough; what is remembered counts."""

    def enough(devices: Sequence[Device]) -> bool:
        return any(wanted in str(device.details["browser"]) for device in devices)

    cache = BrowserCache(three_browsers / "worker" / "browsers.json")
    search = BrowserSearch(cache=cache, enough=enough, likely=likely)
    found = browser.detect(_PRINT, search)
    assert asked(three_browsers) == first
    assert [device.details["browser"] for device in found.devices[::2]] == first
    assert browser.detect(_PRINT, search) == found
    assert asked(three_browsers) == []
    # who wants all of them asks the others alone
    assert len(browser.detect(_PRINT, BrowserSearch(cache=cache)).devices) == 6
    assert sorted([*asked(three_browsers), *first]) == ["chromium", "firefox", "headless-shell"]
