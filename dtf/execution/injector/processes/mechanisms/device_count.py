"""Prints how many GPUs the vendors' libraries count; -1: there is none that comes up. A script of its own."""

import ctypes
import sys


def _cuda() -> int:
    library = ctypes.CDLL("libcuda.so.1")
    count = ctypes.c_int()
    if library.cuInit(0) != 0 or library.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return -1
    return count.value


def _hip() -> int:
    library = ctypes.CDLL("libamdhip64.so")
    count = ctypes.c_int()
    return count.value if library.hipGetDeviceCount(ctypes.byref(count)) == 0 else -1


def counted() -> int:
    """How many there are; -1: no library comes up."""
    found = [-1]
    for count in (_cuda, _hip):
        try:
            found.append(count())
        except OSError:  # this vendor's library is not here
            continue
    return max(found)


if __name__ == "__main__":
    sys.stdout.write(f"{counted()}\n")
