"""What a worker would find on this machine."""

import socket
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace

from dtf.cli.terminal.figures import gigabytes
from dtf.cli.terminal.output import Output
from dtf.domain.codec import to_json
from dtf.domain.escape import one_line
from dtf.domain.queue import base_tag
from dtf.domain.worker import Device, DeviceState
from dtf.settings import Settings

_BROWSER_TAGS = frozenset(("webgpu", "webnn"))
#: Where what follows a device's kind begins.
_INDENT = 8
_NARROWEST = 40


def show_devices(output: Output, settings: Settings, environ: Mapping[str, str], queues: Sequence[str]) -> int:
    """Detect, and print what was found. Every browser is asked, whatever is remembered of it.

    Args:
        output: Where to.
        settings: The worker's.
        environ: Its environment, which may allow fewer devices.
        queues: What it is told to serve; empty: what it has devices for. Browsers are asked only where they would be.
    """
    from dtf.bootstrap.browsers import browser_search  # noqa: PLC0415  # as below
    from dtf.execution.detect import detect_browsers, detect_devices, host_fingerprint  # noqa: PLC0415  # psutil
    from dtf.scheduling.route import serviceable, split_queues  # noqa: PLC0415  # as above

    devices = detect_devices(
        simulate=settings.simulate_devices,
        visible_cuda=environ.get("CUDA_VISIBLE_DEVICES"),
        visible_rocr=environ.get("ROCR_VISIBLE_DEVICES"),
        visible_hip=environ.get("HIP_VISIBLE_DEVICES"),
        cuda_device_order=environ.get("CUDA_DEVICE_ORDER"),
    )
    notes = []
    if not queues or any(base_tag(queue) in _BROWSER_TAGS for queue in queues):
        asked = detect_browsers(replace(browser_search(settings), anew=True))
        devices = (*devices, *asked.devices)
        notes = [asked.note] if asked.note else []
    _, unserved = split_queues(queues, devices, [word for word in settings.worker_tags.split(",") if word])
    notes += [f"no device here serves {queue}" for queue in unserved]
    notes += _strangers(settings, devices)
    served = list(serviceable(devices))
    output.data(
        {
            "host": socket.gethostname(),
            "fingerprint": host_fingerprint(),
            "queues": served,
            "devices": [to_json(device) for device in devices],
            "notes": notes,
        }
    )
    for device in devices:
        _print(output, device)
    for note in notes:
        output.line(one_line(note, 500))
    told = [tag for tag in served if tag in _BROWSER_TAGS]
    only = f" ({' and '.join(told)} only when -Q names them)" if told and not queues else ""
    output.line(f"queues: {', '.join(served)}{only}")
    return 0


def _strangers(settings: Settings, devices: Sequence[Device]) -> list[str]:
    """What the setting names and is not here; of browsers that were not asked nothing can be said."""
    asked = any(device.kind in _BROWSER_TAGS for device in devices)
    known = {device.uuid for device in devices}
    named = [word for word in settings.worker_devices.split(",") if word and word not in known]
    return [
        f"DTF_WORKER_DEVICES (worker_devices) names {word}, which is no device of this machine"
        for word in named
        if asked or word.partition("-")[0] not in _BROWSER_TAGS
    ]


def _print(output: Output, device: Device) -> None:
    """A line that says whether it can be used, and some that say what it is."""
    mark = " (simulated)" if device.simulated else ""
    reason = f": {device.reason}" if device.state is not DeviceState.AVAILABLE else ""
    output.line(
        f"{device.kind:<{_INDENT - 2}}  {one_line(device.name, 200)}{mark}: {device.state}{one_line(reason, 500)}"
    )
    blanks = " " * _INDENT
    for line in textwrap.wrap(one_line(", ".join(facts(device)), 500), max(_NARROWEST, output.table_width - _INDENT)):
        output.line(blanks + line)
    output.line(blanks + one_line(device.uuid, 200))


def facts(device: Device) -> list[str]:
    """What people want to know of a device, in a few words."""
    if device.simulated:
        return ["not checked"]
    if device.kind in _BROWSER_TAGS:
        return _browser_facts(device)
    return _cpu_facts(device) if device.kind == "cpu" else _gpu_facts(device)


def _cpu_facts(device: Device) -> list[str]:
    details = device.details
    features = [name for name, value in details.items() if value is True]
    told = [f"{details.get('cores')} of {details.get('cores_of_host')} cores", _memory(device), " ".join(features)]
    return [fact for fact in told if fact]


def _gpu_facts(device: Device) -> list[str]:
    details = device.details
    told = [_memory(device)]
    told += ["MIG instance"] if details.get("mig") else []
    for name, words in (
        ("compute_capability", "capability {}"),
        ("gfx", "{}"),
        ("driver", "driver {}"),
        ("temperature_c", "{} °C"),
        ("ecc_errors", "{} uncorrected memory errors"),
    ):
        if details.get(name):
            told.append(words.format(details[name]))
    present = str(details.get("processes", "")).split()
    told += [f"{len(present)} process{'es' if len(present) > 1 else ''} ({_processes(present)})"] if present else []
    told += [] if details.get("processes_seen", True) else ["processes cannot be told apart here: no proof"]
    told += [f"found by {details['probe']}"] if "probe" in details else []
    return [fact for fact in told if fact]


def _browser_facts(device: Device) -> list[str]:
    details = device.details
    told = [str(details[name]) for name in ("vendor", "architecture") if name in details]
    told += ["software"] if details.get("software") else []
    told += ["WebNN too"] if details.get("webnn") else []
    told += [str(details["check_result"])] if "check_result" in details else []
    return [*told, f"{details.get('browser')} {details.get('browser_version')}", str(details.get("executable"))]


def _memory(device: Device) -> str:
    size = device.details.get("memory_bytes")
    return gigabytes(size) if isinstance(size, int | float) and size else ""


def _processes(present: Sequence[str]) -> str:
    pairs = (entry.partition(":") for entry in present)
    return ", ".join(f"{pid}: {gigabytes(float(size))}" for pid, _, size in pairs)
