"""What has to be said of a device wherever it is shown."""

from dtf.domain.worker import Device, DeviceState

#: The detail of a browser's device that stands for no hardware.
SOFTWARE = "software"


def marks_of(device: Device) -> tuple[str, ...]:
    """That it is simulated, that it is software, and that and why it cannot be used; nothing of a good device."""
    marks: tuple[str, ...] = ("simulated",) if device.simulated else ()
    marks += (SOFTWARE,) if device.details.get(SOFTWARE) is True else ()
    if device.state is DeviceState.AVAILABLE:
        return marks
    return (*marks, f"{device.state}: {device.reason}" if device.reason else str(device.state))
