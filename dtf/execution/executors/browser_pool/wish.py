"""Which browser a job needs, and how."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dtf.domain import proof
from dtf.domain.errors import DtfError
from dtf.domain.worker import Device
from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.browser_host.find import find_browsers

_OURS = "DTF_"


class SimulatedBrowserError(DtfError):
    """There is no browser on a slot, only the declaration of one."""

    def __init__(self) -> None:
        super().__init__("the slot's browser is simulated, and nothing real may stand in for it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which browser a job needs, and how; a browser that was started for an equal one serves it.

    Attributes:
        choice: Which.
        debug_port: Whether other programs connect to it.
        environment: The environment that it runs in.
    """

    choice: BrowserChoice
    debug_port: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


def host_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that outlives a shard: without what names one."""
    return {name: value for name, value in environment.items() if not name.startswith(_OURS)}


def choice_of(devices: Iterable[Device]) -> BrowserChoice | None:
    """The browser that the first of the devices is in; None when none of them is in one. Simulated ones are in none."""
    for device in devices:
        if device.simulated:
            continue
        words = {name: str(device.details.get(name, "")) for name in ("browser", "executable", "channel")}
        if words["executable"]:
            return BrowserChoice(**words)
    return None


def device_words(choice: BrowserChoice, devices: Iterable[Device]) -> dict[str, str]:
    """The words of a proof for the one device that is used: a slot has those of all its browsers."""
    in_it = (d for d in devices if not d.simulated and d.details.get("executable") == choice.executable)
    used = next(in_it, None)
    return {proof.DEVICE: used.uuid, proof.DEVICE_NAME: used.name} if used else {}


def chosen_browser(devices: Iterable[Device]) -> BrowserChoice | None:
    """The browser of the devices; else the first that is installed: a worker may declare what it has not asked.

    Raises:
        SimulatedBrowserError: The devices are simulated ones alone, which nothing real may stand in for.
    """
    devices = tuple(devices)
    if devices and all(device.simulated for device in devices):
        raise SimulatedBrowserError
    return choice_of(devices) or next(iter(find_browsers()), None)
