"""WebGPU and WebNN: what each installed browser gives to a page, as the browser's own host finds it out."""

import importlib.util
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dtf.domain.clock import Clock, SystemClock
from dtf.domain.worker import Device, DeviceState
from dtf.execution.apart import Answer, ask_apart
from dtf.execution.browser_host.assets import sparticuz_chromium
from dtf.execution.browser_host.choice import BrowserChoice, read_choice
from dtf.execution.browser_host.find import find_browsers
from dtf.execution.probes.browser_cache import Asked
from dtf.execution.probes.browser_search import BrowserSearch
from dtf.execution.probes.cpu import usable_cores

#: How long one browser may take to come up, give an adapter and compute, in seconds.
LIMIT_S = 60.0
#: So many browsers are asked at the same time, where there are the cores.
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
    fingerprint: str, search: BrowserSearch | None = None, *, limit_s: float = LIMIT_S, clock: Clock | None = None
) -> Browsers:
    """Start each browser once and ask it, but for what is remembered.

    Args:
        fingerprint: The host's.
        search: Which browsers; None: those that are found, each of them.
        limit_s: The most seconds for one browser; then it is killed with all that it started.
        clock: Tells when each was asked.

    Raises:
        BadInputError: A named browser is not there.
    """
    search = search or BrowserSearch()
    choices = installed(search.named, search.web_assets)
    if not choices:
        return Browsers(note="no browser is installed: looked for Chromium, its headless shell and Firefox")
    if importlib.util.find_spec("playwright") is None:
        return Browsers(note="browsers are not asked: Playwright is not installed (pip install 'dtf[browser]')")
    known = search.cache.recall(choices) if search.cache is not None and not search.anew else {}
    now = (clock or SystemClock()).now

    def ask(choice: BrowserChoice) -> Asked:
        # before it is asked: what changes meanwhile counts as changed
        key, asked_at = search.cache.key_of(choice) if search.cache is not None else "", now()
        found = devices_of([_finding(choice, limit_s)], fingerprint)
        return Asked(key=key, asked_at=asked_at, devices=tuple(_dated(device, asked_at) for device in found))

    asked = _ask([choice for choice in choices if choice not in known], ask, search, known)
    if search.cache is not None:
        search.cache.keep(asked.values())
    findings = {**known, **asked}
    devices = (device for choice in choices if choice in findings for device in findings[choice].devices)
    return Browsers(devices=tuple(_told_apart(devices)))


def _ask(
    choices: Sequence[BrowserChoice],
    ask: Callable[[BrowserChoice], Asked],
    search: BrowserSearch,
    known: Mapping[BrowserChoice, Asked],
) -> dict[BrowserChoice, Asked]:
    """Ask them all, some at a time; or one after the other, until there is enough."""
    if search.enough is None:
        with ThreadPoolExecutor(min(_TOGETHER, usable_cores()), thread_name_prefix="dtf-browser") as pool:
            return dict(zip(choices, pool.map(ask, choices), strict=True))
    asked: dict[BrowserChoice, Asked] = {}
    for choice in sorted(choices, key=lambda choice: choice.browser not in search.likely):
        if search.enough([device for one in (*known.values(), *asked.values()) for device in one.devices]):
            break
        asked[choice] = ask(choice)
    return asked


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
    return _told_apart(_device(api, finding, fingerprint) for finding in findings for api in _APIS)


def _told_apart(devices: Iterable[Device]) -> list[Device]:
    """Number those of one name, from the second on."""
    apart: list[Device] = []
    for device in devices:
        same = sum(other.uuid.startswith(device.uuid) for other in apart)
        apart.append(device if not same else replace(device, uuid=f"{device.uuid}-{same + 1}"))
    return apart


def _dated(device: Device, asked_at: float) -> Device:
    moment = datetime.fromtimestamp(asked_at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return replace(device, details={**device.details, "checked_at": moment})


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


def _snake(name: str) -> str:
    """``max_texture_dimension_2d`` for ``maxTextureDimension2D``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z0-9])", "_", name).lower()
