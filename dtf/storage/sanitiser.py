"""Makes every result storable in both databases: what cannot be kept as it is stays visible as a mark."""

import math
from collections.abc import Mapping
from dataclasses import replace

from dtf.domain.breaker import Target
from dtf.domain.case import CaseResult
from dtf.domain.shard import Artifact, AttemptResult, Metric
from dtf.domain.slot import Slot
from dtf.domain.worker import Device, WorkerInfo, WorkerLoad

#: The most characters of a node id, a name or a media type.
NAME_CAP = 4_000
#: The most characters of a message or a reason.
MESSAGE_CAP = 10_000
#: The most characters of a failure's details or of captured output.
TEXT_CAP = 1_000_000
#: The most entries of a mapping, and of a result's metrics and artifacts.
ENTRIES_CAP = 10_000

_LARGEST = 2**63 - 1
_LARGEST_COUNT = 2**31 - 1


def clean_text(text: str, cap: int = MESSAGE_CAP) -> str:
    r"""Make text storable: NUL becomes ``␀``, a lone surrogate its escape ``\udc80``, and the excess a count.

    Args:
        text: Any string.
        cap: The most characters that are kept.
    """
    if "\0" in text:
        text = text.replace("\0", "\N{SYMBOL FOR NULL}")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "backslashreplace").decode()
    if len(text) <= cap:
        return text
    # the mark counts against the cap, so that cleaning clean text changes nothing
    mark = f"\n... [{len(text) - cap} more characters were not kept]"
    return text[: max(0, cap - len(mark))] + mark


def clean_number(value: float) -> float:
    """A finite number; what is not finite becomes 0."""
    value = float(value)
    return value if math.isfinite(value) else 0.0


def clean_integer(value: int, largest: int = _LARGEST) -> int:
    """An integer that fits its column; what does not becomes the nearest that does."""
    return max(-largest, min(largest, int(value)))


def clean_mapping(values: Mapping[str, object]) -> dict[str, str]:
    """A mapping of storable text to storable text."""
    pairs = list(values.items())[:ENTRIES_CAP]
    return {clean_text(str(key), NAME_CAP): clean_text(str(value)) for key, value in pairs}


def clean_details(values: Mapping[str, str | float | bool]) -> dict[str, str | int | float | bool]:
    """What a probe read, with text cleaned and numbers that are not finite as text."""
    cleaned: dict[str, str | int | float | bool] = {}
    for key, value in list(values.items())[:ENTRIES_CAP]:
        storable = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
        cleaned[clean_text(str(key), NAME_CAP)] = value if storable else clean_text(str(value))
    return cleaned


def clean_case(case: CaseResult) -> CaseResult:
    """A storable case."""
    return replace(
        case,
        nodeid=clean_text(case.nodeid, NAME_CAP),
        phase=clean_text(case.phase, 100),
        duration_s=clean_number(case.duration_s),
        message=clean_text(case.message),
        details=clean_text(case.details, TEXT_CAP),
        output=clean_text(case.output, TEXT_CAP),
        started_at=clean_number(case.started_at),
        crashes=clean_integer(case.crashes, _LARGEST_COUNT),
        properties=clean_mapping(case.properties),
    )


def clean_artifact(artifact: Artifact) -> Artifact:
    """A storable artifact."""
    return replace(
        artifact,
        name=clean_text(artifact.name, NAME_CAP),
        digest=clean_text(artifact.digest, NAME_CAP),
        size=clean_integer(artifact.size),
        media_type=clean_text(artifact.media_type, NAME_CAP),
    )


def clean_metric(metric: Metric) -> Metric:
    """A storable metric; its value is left as it is, since "not finite" is for the table to say."""
    return replace(metric, name=clean_text(metric.name, NAME_CAP), unit=clean_text(metric.unit, NAME_CAP))


def clean_result(result: AttemptResult) -> AttemptResult:
    """A storable result. The manifest is left as it is: it is stored in a form that takes everything."""
    return replace(
        result,
        worker_id=clean_text(result.worker_id, NAME_CAP),
        slot=clean_integer(result.slot, _LARGEST_COUNT),
        reason=clean_text(result.reason),
        cases=tuple(clean_case(case) for case in result.cases),
        exit_code=None if result.exit_code is None else clean_integer(result.exit_code),
        signal=None if result.signal is None else clean_integer(result.signal),
        started_at=clean_number(result.started_at),
        duration_s=clean_number(result.duration_s),
        cpu_s=clean_number(result.cpu_s),
        max_rss_bytes=clean_integer(result.max_rss_bytes),
        metrics=tuple(clean_metric(metric) for metric in result.metrics[:ENTRIES_CAP]),
        artifacts=tuple(clean_artifact(artifact) for artifact in result.artifacts[:ENTRIES_CAP]),
        proof=clean_mapping(result.proof),
    )


def clean_worker(info: WorkerInfo) -> WorkerInfo:
    """A storable worker."""
    return replace(
        info,
        name=clean_text(info.name, NAME_CAP),
        host=clean_text(info.host, NAME_CAP),
        fingerprint=clean_text(info.fingerprint, NAME_CAP),
        version=clean_text(info.version, NAME_CAP),
        pid=clean_integer(info.pid),
        slots=clean_integer(info.slots, _LARGEST_COUNT),
        memory_bytes=clean_integer(info.memory_bytes),
        cpu_count=clean_integer(info.cpu_count, _LARGEST_COUNT),
        queues=tuple(clean_text(queue, NAME_CAP) for queue in info.queues),
        tags=tuple(clean_text(tag, NAME_CAP) for tag in info.tags),
        devices=tuple(_clean_device(device) for device in info.devices),
        slot_table=tuple(_clean_slot(slot) for slot in info.slot_table),
    )


def _clean_slot(slot: Slot) -> Slot:
    return replace(
        slot,
        number=clean_integer(slot.number, _LARGEST_COUNT),
        tags=tuple(clean_text(tag, NAME_CAP) for tag in slot.tags),
        devices=tuple(clean_text(uuid, NAME_CAP) for uuid in slot.devices),
        memory_bytes=clean_integer(slot.memory_bytes),
    )


def _clean_device(device: Device) -> Device:
    return replace(
        device,
        kind=clean_text(device.kind, NAME_CAP),
        name=clean_text(device.name, NAME_CAP),
        uuid=clean_text(device.uuid, NAME_CAP),
        reason=clean_text(device.reason),
        details=clean_details(device.details),
    )


def clean_load(load: WorkerLoad) -> WorkerLoad:
    """A storable load."""
    return WorkerLoad(
        cpu_percent=clean_number(load.cpu_percent),
        memory_percent=clean_number(load.memory_percent),
        load_1m=clean_number(load.load_1m),
        busy_slots=clean_integer(load.busy_slots, _LARGEST_COUNT),
        devices={
            clean_text(uuid, NAME_CAP): {clean_text(name, NAME_CAP): clean_number(value) for name, value in own.items()}
            for uuid, own in load.devices.items()
        },
        slot_memory_bytes={
            clean_text(slot, NAME_CAP): clean_integer(size) for slot, size in load.slot_memory_bytes.items()
        },
        quarantine=tuple(
            replace(one, target=_clean_target(one.target), for_s=clean_number(one.for_s), reason=clean_text(one.reason))
            for one in load.quarantine
        ),
    )


def _clean_target(target: Target) -> Target:
    return Target(hardware=clean_text(target.hardware, NAME_CAP), name=clean_text(target.name, NAME_CAP))
