"""WebGPU and WebNN: what each installed browser gives to a page, as the browser's own host finds it out."""

import importlib.util
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dtf.domain.worker import Device, DeviceState
from dtf.execution.apart import Answer, ask_apart
from dtf.execution.browser_host.assets import sparticuz_chromium
from dtf.execution.browser_host.choice import BrowserChoice, read_choice
from dtf.execution.browser_host.find import find_browsers

#: How long one browser may take to come up, give an adapter and compute, in seconds.
LIMIT_S = 60.0
#: So many browsers are asked at the same time.
_TOGETHER = 2
_HOST = "dtf.execution.browser_host"
#: How many characters of the host's fingerprint stand in a device's name.
_PRINT = 12
_APIS = ("webgpu", "webnn")
_TITLES = {
    "chromium": "Chromium",
    "headless-shell": "headless shell",
    "firefox": "Firefox",
    "sparticuz": "Chromium (sparticuz)",
    "custom": "custom browser",
}

Details = dict[str, str | int | float | bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Browsers:
    """What was found.

    Attributes:
        devices: One for each browser and API.
        note: Why there is none, in one line; empty: there is one.
    """

    devices: tuple[Device, ...] = ()
    note: str = ""


def detect(
    fingerprint: str, *, named: Sequence[str] = (), web_assets: Path | None = None, limit_s: float = LIMIT_S
) -> Browsers:
    """Start each browser once and ask it.

    Args:
        fingerprint: The host's.
        named: Browsers beside those that are found, each the path of a program, or ``NAME=PATH``.
        web_assets: The npm packages, among which a browser may be.
        limit_s: The most seconds for one browser; then it is killed with all that it started.

    Raises:
        BadInputError: A named browser is not there.
    """
    choices = installed(named, web_assets)
    if not choices:
        return Browsers(note="no browser is installed: looked for Chromium, its headless shell and Firefox")
    if importlib.util.find_spec("playwright") is None:
        return Browsers(note="browsers are not asked: Playwright is not installed (pip install 'dtf[browser]')")
    with ThreadPoolExecutor(max_workers=_TOGETHER, thread_name_prefix="dtf-browser") as pool:
        findings = list(pool.map(lambda choice: _finding(choice, limit_s), choices))
    return Browsers(devices=tuple(devices_of(findings, fingerprint)))


def installed(named: Iterable[str] = (), web_assets: Path | None = None) -> tuple[BrowserChoice, ...]:
    """The browsers of this machine, without starting any.

    Raises:
        BadInputError: A named one is not there.
    """
    sparticuz = sparticuz_chromium(web_assets)
    packed = [BrowserChoice(browser="sparticuz", executable=str(sparticuz))] if sparticuz else []
    return (*find_browsers(), *packed, *(read_choice(text) for text in named))


def devices_of(findings: Iterable[Mapping[str, Any]], fingerprint: str) -> list[Device]:
    """Turn what the browser's host found into devices; each has an identity of its own."""
    devices: list[Device] = []
    for finding in findings:
        for api in _APIS:
            device = _device(api, finding, fingerprint)
            same = sum(other.uuid.startswith(device.uuid) for other in devices)
            devices.append(device if not same else _renamed(device, same + 1))
    return devices


def _finding(choice: BrowserChoice, limit_s: float) -> Mapping[str, Any]:
    answer = ask_apart(_HOST, "--probe", "--browser", f"{choice.browser}={choice.executable}", limit_s=limit_s)
    told = _read(answer)
    if isinstance(told, str):
        missing = {"available": False, "reason": told}
        about = {"browser": choice.browser, "executable": choice.executable, "channel": choice.channel}
        return {**about, "version": "", "webgpu": missing, "webnn": missing}
    return told


def _read(answer: Answer) -> Mapping[str, Any] | str:
    """The only finding, or why there is none."""
    if answer.reason:
        return f"the browser could not be asked: {answer.reason}"
    try:
        found = json.loads(answer.text.splitlines()[-1])[0]
    except (ValueError, IndexError, KeyError, TypeError):
        found = None
    return found if isinstance(found, dict) else f"the browser's host gave no answer: {answer.text[:200]!r}"


def _device(api: str, finding: Mapping[str, Any], fingerprint: str) -> Device:
    told = finding.get(api) or {"available": False, "reason": "the browser's host says nothing of it"}
    available = bool(told.get("available"))
    details = _details(finding, told)
    if api == "webgpu":
        details["webnn"] = bool((finding.get("webnn") or {}).get("available"))
    return Device(
        kind=api,
        name=f"{_adapter(api, told)} in {_title(finding)}" if available else _title(finding),
        uuid=f"{api}-{finding.get('browser')}-{fingerprint[:_PRINT]}",
        state=DeviceState.AVAILABLE if available else DeviceState.FAILED,
        reason="" if available else str(told.get("reason") or "not available"),
        details=details,
    )


def _details(finding: Mapping[str, Any], told: Mapping[str, Any]) -> Details:
    details: Details = {
        "browser": str(finding.get("browser", "")),
        "browser_version": str(finding.get("version", "")),
        "executable": str(finding.get("executable", "")),
        "channel": str(finding.get("channel", "")),
        "probe": "browser",
        "check": "passed" if told.get("available") else "failed",
    }
    if told.get("check"):
        details["check_result"] = str(told["check"])
    for name in ("vendor", "architecture", "description", "features"):
        if told.get(name):
            details[name] = str(told[name])
    if "software" in told:
        details["software"] = bool(told["software"])
    if "shader-f16" in str(told.get("features", "")).split():
        details["shader_f16"] = True
    limits = told.get("limits") or {}
    details |= {_snake(name): int(value) for name, value in limits.items() if isinstance(value, int | float)}
    return details


def _adapter(api: str, told: Mapping[str, Any]) -> str:
    """What people call the adapter."""
    known = " ".join(str(told.get(name) or "") for name in ("description", "vendor", "architecture"))
    if "swiftshader" in known.lower():
        return "SwiftShader"
    title = str(told.get("description") or "") or " ".join(known.split())
    nameless = "a software adapter" if told.get("software") else "an adapter without a name"
    return title or ("WebNN" if api == "webnn" else nameless)


def _title(finding: Mapping[str, Any]) -> str:
    name = str(finding.get("browser", ""))
    major = str(finding.get("version", "")).partition(".")[0]
    return f"{_TITLES.get(name, name)} {major}".strip()


def _renamed(device: Device, number: int) -> Device:
    return replace(device, uuid=f"{device.uuid}-{number}")


def _snake(name: str) -> str:
    """``max_texture_dimension_2d`` for ``maxTextureDimension2D``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z0-9])", "_", name).lower()
