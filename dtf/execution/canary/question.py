"""What each kind of device is asked by its canary."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dtf.domain.worker import Device
from dtf.execution.checks.verdicts import question_of
from dtf.scheduling.slots import BROWSER_TAGS

_MACHINE, _BROWSER = "dtf.execution.checks.machine", "dtf.execution.browser_host"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a process is asked.

    Attributes:
        module: What answers, by one line of JSON.
        arguments: For it.
        what: What it is, for people.
        device: What it is about; None: the machine itself.
    """

    module: str
    arguments: tuple[str, ...]
    what: str
    device: Device | None = None

    def verdict(self, text: str) -> str:
        """What is wrong by an answer; empty: nothing."""
        try:
            told = json.loads(text.splitlines()[-1])
            if self.module == _BROWSER and self.device is not None:
                return _of_browser(self.device, told[0])
            return str(told.get("reason", ""))
        except (ValueError, LookupError, AttributeError, TypeError):
            return f"it gave no answer: {text[:200]!r}"


def question_for(device: Device | None, scratch: Path) -> Question:
    """What to ask of a device.

    Args:
        device: The device; None: the machine itself. Of a simulated one there is nothing to ask: the machine is asked
            in its place, and the question says so.
        scratch: Where the worker's work keeps its files.
    """
    machine = ("a computation, a fork and a file", (str(scratch),))
    if device is None or device.kind == "cpu":
        return Question(module=_MACHINE, arguments=machine[1], what=machine[0])
    if device.simulated:
        what = f"{machine[0]} of the machine, as the device is simulated"
        return Question(module=_MACHINE, arguments=machine[1], what=what)
    if device.kind in BROWSER_TAGS:
        browser = f"{device.details.get('browser', '')}={device.details.get('executable', '')}"
        what = f"a computation by {'WebGPU' if device.kind == 'webgpu' else 'WebNN'} in a fresh browser"
        return Question(module=_BROWSER, arguments=("--probe", "--browser", browser), what=what, device=device)
    asked = question_of(device)
    if asked is None:
        return Question(module=_MACHINE, arguments=machine[1], what=f"{machine[0]}, as its kind has no check")
    return Question(module=asked[0], arguments=asked[1:], what="a small computation on it", device=device)


def _of_browser(device: Device, finding: Mapping[str, Any]) -> str:
    told = finding[device.kind]
    if not told.get("available"):
        return str(told.get("reason") or "the browser does not have it")
    if device.details.get("software") is False and told.get("software"):
        return "the browser computes in software, where it had hardware"
    return ""
