"""What AMD's own library tells, by amdsmi."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_log = logging.getLogger(__name__)

Details = dict[str, str | int | float | bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmiDevice:
    """A GPU as amdsmi sees it.

    Attributes:
        pci: Its address, as ``0000:03:00.0``; empty: not told.
        serial: Its unique number in hexadecimal; empty: not told.
        name: The vendor's name.
        details: What else is told.
        reason: Why it could not be read.
    """

    pci: str = ""
    serial: str = ""
    name: str = "AMD"
    details: Details = field(default_factory=dict)
    reason: str = ""


def list_devices() -> list[SmiDevice] | None:
    """What amdsmi tells; None where it cannot be used."""
    try:
        import amdsmi  # noqa: PLC0415  # optional; without ROCm its import raises KeyError

        amdsmi.amdsmi_init()
    except Exception as error:  # noqa: BLE001  # see above: not ImportError alone
        _log.debug("amdsmi cannot be used: %r", error)
        return None
    try:
        return [_read(amdsmi, index, handle) for index, handle in enumerate(amdsmi.amdsmi_get_processor_handles())]
    except Exception as error:  # noqa: BLE001  # its errors have no common root in all versions
        _log.warning("amdsmi lists no devices: %r", error)
        return None
    finally:
        _asked(amdsmi.amdsmi_shut_down)


def _read(smi: Any, index: int, handle: object) -> SmiDevice:  # noqa: ANN401  # amdsmi has no types
    pci = str(_asked(lambda: smi.amdsmi_get_gpu_device_bdf(handle)) or "")
    try:
        asic = smi.amdsmi_get_gpu_asic_info(handle)
        details: Details = {"memory_bytes": int(smi.amdsmi_get_gpu_vram_info(handle)["vram_size"]) * 2**20}
    except Exception as error:  # noqa: BLE001  # one bad device must not hide the others
        return SmiDevice(pci=pci, reason=f"amdsmi cannot read device {index}: {error!r}")
    gfx = str(asic.get("target_graphics_version", ""))
    if gfx.startswith("gfx"):
        details["gfx"] = gfx
    details |= _optional(smi, handle)
    return SmiDevice(
        pci=pci,
        serial=str(asic.get("asic_serial", "")).lower().removeprefix("0x").zfill(16),
        name=str(asic.get("market_name") or "AMD"),
        details=details,
    )


def _optional(smi: Any, handle: object) -> Details:  # noqa: ANN401  # as above
    details: Details = {}
    driver = _asked(lambda: smi.amdsmi_get_gpu_driver_info(handle)["driver_version"])
    if driver and driver != "N/A":
        details["driver"] = str(driver)
    temperature = _asked(
        lambda: smi.amdsmi_get_temp_metric(handle, smi.AmdSmiTemperatureType.EDGE, smi.AmdSmiTemperatureMetric.CURRENT)
    )
    if temperature is None:  # accelerators have no sensor at the edge
        temperature = _asked(
            lambda: smi.amdsmi_get_temp_metric(
                handle, smi.AmdSmiTemperatureType.HOTSPOT, smi.AmdSmiTemperatureMetric.CURRENT
            )
        )
    if isinstance(temperature, int | float):
        details["temperature_c"] = round(temperature)
    return details


def _asked(ask: Callable[[], Any]) -> Any:  # noqa: ANN401  # as above
    """The answer; None where there is none."""
    try:
        return ask()
    except Exception as error:  # noqa: BLE001  # its errors have no common root in all versions
        _log.debug("amdsmi does not tell: %r", error)
        return None
