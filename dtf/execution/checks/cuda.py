"""Computes on one NVIDIA device by the driver alone: ``python -P -m dtf.execution.checks.cuda UUID``.

``--list`` prints the UUIDs of all devices in CUDA's own order instead. One line of JSON is printed.
"""

import ctypes
import json
import os
import signal
import sys
import uuid
from collections.abc import Sequence

from dtf.execution.checks.driver_library import CheckFailedError, DriverLibrary, compare
from dtf.execution.probes.nvml import pids_on

#: After so many seconds the process ends itself, should nobody be there any more to end it.
_LAST_RESORT_S = 120
#: Small whole numbers: every product and sum below is exact in 32 bits of float.
_COUNT = 1024
_FACTOR = 3.0
_THREADS = 128

#: ``y[i] = a * x[i] + i``, in a dialect that every driver since 2017 compiles for every device since Kepler.
PTX = b"""
.version 5.0
.target sm_30
.address_size 64

.visible .entry dtf_check(.param .u64 y, .param .u64 x, .param .f32 a, .param .u32 n)
{
    .reg .pred %p<2>;
    .reg .f32 %f<5>;
    .reg .b32 %r<6>;
    .reg .b64 %d<6>;

    ld.param.u64 %d1, [y];
    ld.param.u64 %d2, [x];
    ld.param.f32 %f1, [a];
    ld.param.u32 %r1, [n];
    mov.u32 %r2, %ctaid.x;
    mov.u32 %r3, %ntid.x;
    mov.u32 %r4, %tid.x;
    mad.lo.s32 %r5, %r2, %r3, %r4;
    setp.ge.u32 %p1, %r5, %r1;
    @%p1 bra done;
    cvta.to.global.u64 %d1, %d1;
    cvta.to.global.u64 %d2, %d2;
    mul.wide.u32 %d3, %r5, 4;
    add.s64 %d4, %d2, %d3;
    ld.global.f32 %f2, [%d4];
    cvt.rn.f32.u32 %f3, %r5;
    fma.rn.f32 %f4, %f1, %f2, %f3;
    add.s64 %d5, %d1, %d3;
    st.global.f32 [%d5], %f4;
done:
    ret;
}
"""


def load() -> DriverLibrary:
    """The driver, initialised.

    Raises:
        CheckFailedError: There is none, or it does not start.
    """
    driver = DriverLibrary(("libcuda.so.1", "libcuda.so"), _describe)
    driver.call("cuInit", 0)
    return driver


def check(wanted: str) -> dict[str, object]:
    """Compute on the one device that ``CUDA_VISIBLE_DEVICES`` leaves.

    Args:
        wanted: Its UUID, as NVML tells it.

    Returns:
        ``processes_seen``: whether the driver shows this process on the device by this process's own pid.

    Raises:
        CheckFailedError: It is another device, or it cannot compute, or it computes wrongly.
    """
    before = pids_on(wanted)
    driver = load()
    devices = _devices(driver)
    if not devices:
        raise CheckFailedError("CUDA does not show the device")
    found = _uuid(driver, devices[0])
    if found and not _same(found, wanted):
        raise CheckFailedError(f"CUDA shows another device in its place: {found}")
    context = ctypes.c_void_p()
    driver.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), devices[0])
    driver.call("cuCtxSetCurrent", context)
    _compute(driver)
    during = pids_on(wanted)
    driver.call("cuDevicePrimaryCtxRelease_v2", devices[0])
    # a pid of another namespace can be ours by chance; then it was there before
    return {"processes_seen": os.getpid() in during and os.getpid() not in before}


def _compute(driver: DriverLibrary) -> None:
    module, function = ctypes.c_void_p(), ctypes.c_void_p()
    driver.call("cuModuleLoadData", ctypes.byref(module), ctypes.c_char_p(PTX))
    driver.call("cuModuleGetFunction", ctypes.byref(function), module, ctypes.c_char_p(b"dtf_check"))
    values = (ctypes.c_float * _COUNT)(*(float(index % 251) for index in range(_COUNT)))
    answer = (ctypes.c_float * _COUNT)()
    size = ctypes.c_size_t(ctypes.sizeof(values))
    x, y = ctypes.c_uint64(), ctypes.c_uint64()
    driver.call("cuMemAlloc_v2", ctypes.byref(x), size)
    driver.call("cuMemAlloc_v2", ctypes.byref(y), size)
    driver.call("cuMemcpyHtoD_v2", x, values, size)
    driver.call("cuMemcpyHtoD_v2", y, answer, size)
    factor, count = ctypes.c_float(_FACTOR), ctypes.c_uint(_COUNT)
    arguments = (ctypes.c_void_p * 4)(*(ctypes.addressof(value) for value in (y, x, factor, count)))
    shape = (_COUNT // _THREADS, 1, 1, _THREADS, 1, 1)
    driver.call("cuLaunchKernel", function, *shape, 0, None, arguments, None)
    driver.call("cuCtxSynchronize")
    driver.call("cuMemcpyDtoH_v2", answer, y, size)
    compare(list(answer), [_FACTOR * values[index] + index for index in range(_COUNT)])
    driver.call("cuMemFree_v2", x)
    driver.call("cuMemFree_v2", y)
    driver.call("cuModuleUnload", module)


def list_devices() -> list[str]:
    """The UUIDs of what CUDA shows, in its order.

    Raises:
        CheckFailedError: The driver does not tell.
    """
    driver = load()
    return [_uuid(driver, device) for device in _devices(driver)]


def _devices(driver: DriverLibrary) -> list[int]:
    count = ctypes.c_int()
    driver.call("cuDeviceGetCount", ctypes.byref(count))
    devices = []
    for ordinal in range(count.value):
        device = ctypes.c_int()
        driver.call("cuDeviceGet", ctypes.byref(device), ordinal)
        devices.append(device.value)
    return devices


def _uuid(driver: DriverLibrary, device: int) -> str:
    """The device's 16 bytes as ``8-4-4-4-12``; only the second version knows MIG's. Empty: the driver is too old."""
    if not driver.has("cuDeviceGetUuid_v2"):
        return ""
    raw = (ctypes.c_ubyte * 16)()
    driver.call("cuDeviceGetUuid_v2", ctypes.byref(raw), device)
    return str(uuid.UUID(bytes=bytes(raw)))


def _same(found: str, wanted: str) -> bool:
    """Whether NVML's name (``GPU-...`` or ``MIG-...``) holds CUDA's bytes; older drivers name MIG by its parent."""
    return wanted.startswith("MIG-GPU-") or wanted.partition("-")[2].lower() == found


def _describe(library: ctypes.CDLL, status: int) -> str:
    name = ctypes.c_char_p()
    try:
        library.cuGetErrorName(status, ctypes.byref(name))
    except AttributeError:
        return f"CUDA error {status}"
    return f"{name.value.decode(errors='replace')} ({status})" if name.value else f"CUDA error {status}"


def main(arguments: Sequence[str]) -> int:
    """Print what came of it."""
    signal.alarm(_LAST_RESORT_S)
    try:
        if arguments[0] == "--list":
            os.unsetenv("CUDA_VISIBLE_DEVICES")
            answer: dict[str, object] = {"uuids": list_devices()}
        else:
            os.putenv("CUDA_VISIBLE_DEVICES", arguments[0])  # the driver reads C's environment
            answer = check(arguments[0])
    except CheckFailedError as error:
        answer = {"reason": str(error)}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
