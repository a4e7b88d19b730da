"""Computes on one AMD device by HIP alone: ``python -P -m dtf.execution.checks.rocm NAME PCI GPU_ID``.

``NAME`` is what ``ROCR_VISIBLE_DEVICES`` is set to, ``PCI`` the address that HIP must show (``-``: any), ``GPU_ID`` the
kernel's number of the device (0: none). One line of JSON is printed.
"""

import ctypes
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from dtf.execution.checks.driver_library import CheckFailedError, DriverLibrary, compare
from dtf.execution.probes.kfd import KFD_PROCESSES, gpus_of

#: After so many seconds the process ends itself, should nobody be there any more to end it.
_LAST_RESORT_S = 120
_COUNT = 1024
_FACTOR = 3.0
_THREADS = 128
_TO_DEVICE, _TO_HOST = 1, 2
#: What hipMemsetD32 writes where no kernel can be compiled: 1.5 as 32 bits of float.
_PATTERN, _PATTERN_VALUE = 0x3FC00000, 1.5

SOURCE = b"""
extern "C" __global__ void dtf_check(float* y, const float* x, float a, unsigned n) {
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = a * x[i] + (float)i;
}
"""


def library_names(name: str) -> tuple[str, ...]:
    """Where a library of ROCm may be: what the linker knows, ROCm's own place, and PyTorch's copy."""
    plain = [f"{name}.so{version}" for version in (".7", ".6", ".5", "")]
    places = [Path("/opt/rocm/lib"), *(Path(entry) / "torch" / "lib" for entry in sys.path if entry)]
    found = [str(place / file) for place in places for file in plain if (place / file).is_file()]
    return (*plain, *found)


def check(pci: str, gpu_id: int) -> dict[str, object]:
    """Compute on the one device that ``ROCR_VISIBLE_DEVICES`` leaves.

    Args:
        pci: Its address; ``-``: unknown.
        gpu_id: The kernel's number of it; 0: unknown.

    Returns:
        ``processes_seen``: whether the kernel shows this process on the device by this process's own pid; ``kernel``:
        whether a compiled kernel ran, or only fills and copies.

    Raises:
        CheckFailedError: It is another device, or it cannot compute, or it computes wrongly.
    """
    hip = DriverLibrary(library_names("libamdhip64"), _describe)
    hip.call("hipInit", 0)
    count = ctypes.c_int()
    hip.call("hipGetDeviceCount", ctypes.byref(count))
    if count.value < 1:
        raise CheckFailedError("HIP does not show the device")
    found = _pci(hip)
    if "-" not in (pci, found) and found.lower() != pci.lower():
        raise CheckFailedError(f"HIP shows another device in its place: {found}")
    hip.call("hipSetDevice", 0)
    compiled = _compile(hip)
    x, y = ctypes.c_void_p(), ctypes.c_void_p()
    size = ctypes.c_size_t(_COUNT * ctypes.sizeof(ctypes.c_float))
    hip.call("hipMalloc", ctypes.byref(x), size)
    hip.call("hipMalloc", ctypes.byref(y), size)
    if compiled is None:
        _fill_and_copy(hip, x, y, size)
    else:
        _launch(hip, compiled, x, y, size)
    seen = gpu_id in gpus_of(os.getpid(), KFD_PROCESSES)
    hip.call("hipFree", x)
    hip.call("hipFree", y)
    return {"processes_seen": seen, "kernel": compiled is not None}


def _compile(hip: DriverLibrary) -> ctypes.Array[ctypes.c_char] | None:
    """The kernel for the device in use; None: there is no compiler.

    Raises:
        CheckFailedError: There is one and it fails.
    """
    try:
        rtc = hip if hip.has("hiprtcCreateProgram") else DriverLibrary(library_names("libhiprtc"), _describe_rtc)
    except CheckFailedError:
        return None
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    names = (ctypes.c_char_p(SOURCE), ctypes.c_char_p(b"dtf_check.hip"))
    rtc.call("hiprtcCreateProgram", ctypes.byref(program), *names, 0, None, None)
    rtc.call("hiprtcCompileProgram", program, 0, None)
    rtc.call("hiprtcGetCodeSize", program, ctypes.byref(size))
    code = ctypes.create_string_buffer(size.value)
    rtc.call("hiprtcGetCode", program, code)
    rtc.call("hiprtcDestroyProgram", ctypes.byref(program))
    return code


def _launch(
    hip: DriverLibrary,
    code: ctypes.Array[ctypes.c_char],
    x: ctypes.c_void_p,
    y: ctypes.c_void_p,
    size: ctypes.c_size_t,
) -> None:
    module, function = ctypes.c_void_p(), ctypes.c_void_p()
    hip.call("hipModuleLoadData", ctypes.byref(module), code)
    hip.call("hipModuleGetFunction", ctypes.byref(function), module, ctypes.c_char_p(b"dtf_check"))
    values = (ctypes.c_float * _COUNT)(*(float(index % 251) for index in range(_COUNT)))
    answer = (ctypes.c_float * _COUNT)()
    hip.call("hipMemcpy", x, values, size, _TO_DEVICE)
    hip.call("hipMemcpy", y, answer, size, _TO_DEVICE)
    factor, count = ctypes.c_float(_FACTOR), ctypes.c_uint(_COUNT)
    arguments = (ctypes.c_void_p * 4)(*(ctypes.addressof(value) for value in (y, x, factor, count)))
    shape = (_COUNT // _THREADS, 1, 1, _THREADS, 1, 1)
    hip.call("hipModuleLaunchKernel", function, *shape, 0, None, arguments, None)
    hip.call("hipDeviceSynchronize")
    hip.call("hipMemcpy", answer, y, size, _TO_HOST)
    compare(list(answer), [_FACTOR * values[index] + index for index in range(_COUNT)])
    hip.call("hipModuleUnload", module)


def _fill_and_copy(hip: DriverLibrary, x: ctypes.c_void_p, y: ctypes.c_void_p, size: ctypes.c_size_t) -> None:
    """Have the device fill one half and copy it to another place; it moves numbers right, which is less than to add."""
    half = _COUNT // 2
    zeros, answer = (ctypes.c_float * _COUNT)(), (ctypes.c_float * _COUNT)()
    hip.call("hipMemcpy", x, zeros, size, _TO_DEVICE)
    hip.call("hipMemsetD32", x, _PATTERN, ctypes.c_size_t(half))
    hip.call("hipMemcpyDtoD", y, x, size)
    hip.call("hipDeviceSynchronize")
    hip.call("hipMemcpy", answer, y, size, _TO_HOST)
    compare(list(answer), [_PATTERN_VALUE] * half + [0.0] * (_COUNT - half))


def _pci(hip: DriverLibrary) -> str:
    """The address of the first device; ``-``: HIP does not tell."""
    if not hip.has("hipDeviceGetPCIBusId"):
        return "-"
    text = ctypes.create_string_buffer(64)
    hip.call("hipDeviceGetPCIBusId", text, len(text), 0)
    return text.value.decode(errors="replace") or "-"


def _describe(library: ctypes.CDLL, status: int) -> str:
    return _named(library, "hipGetErrorName", status)


def _describe_rtc(library: ctypes.CDLL, status: int) -> str:
    return _named(library, "hiprtcGetErrorString", status)


def _named(library: ctypes.CDLL, function: str, status: int) -> str:
    try:
        naming = getattr(library, function)
    except AttributeError:
        return f"HIP error {status}"
    naming.restype = ctypes.c_char_p
    name = naming(status)
    return f"{name.decode(errors='replace')} ({status})" if name else f"HIP error {status}"


def main(arguments: Sequence[str]) -> int:
    """Print what came of it."""
    signal.alarm(_LAST_RESORT_S)
    name, pci, gpu_id = arguments
    os.putenv("ROCR_VISIBLE_DEVICES", name)  # the runtime reads C's environment
    for variable in ("HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL"):
        os.unsetenv(variable)  # they count what is left
    try:
        answer = check(pci, int(gpu_id))
    except CheckFailedError as error:
        answer = {"reason": str(error)}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
