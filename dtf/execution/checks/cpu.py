"""Computes on the processor."""

import hashlib
import math
import struct

#: Of the numbers 0 to 9999, one a line: the beginning of what ``sha256sum`` says.
_DIGEST = "ec72cc36fe435a3b"
#: 3 to the power of 10,007, modulo 1,000,000,007.
_POWER = 741_595_631
#: Of the square roots of 1 to 1000, each rounded as IEEE 754 demands it.
_ROOTS = "6def0391dac4e3bb"


def check_cpu() -> str:
    """Compute whole and floating-point numbers whose answers are known to the last bit.

    Returns:
        What is wrong; empty: nothing.
    """
    text = "\n".join(str(number) for number in range(10_000))
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    if digest != _DIGEST:
        return f"it computes wrongly: a digest is {digest} instead of {_DIGEST}"
    if pow(3, 10_007, 10**9 + 7) != _POWER:
        return f"it computes wrongly: a power is not {_POWER}"
    packed = struct.pack("<1000d", *(math.sqrt(number) for number in range(1, 1001)))
    roots = hashlib.sha256(packed).hexdigest()[:16]
    if roots != _ROOTS:
        return f"it computes wrongly: a digest of square roots is {roots} instead of {_ROOTS}"
    return ""
