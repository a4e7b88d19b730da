"""Which errors mean that a process has lost its device for good, and beside what.

After such an error every further call of the process on the device fails; only a new process can use it again. Kernels
run asynchronously, so the test that shows the error need not be the one that caused it. An exhausted memory, and a
library's own EXECUTION_FAILED, are not among them: the process can go on.
"""

from collections.abc import Sequence
from typing import Final

from dtf.domain.specs import GPU_TAGS

#: The hardware on which a context can be lost. What a suite of another tag prints is never looked at.
_HARDWARE: Final = (*GPU_TAGS, "gpu")

#: Parts of messages, looked for as they stand here.
STICKY: Final = (
    # the CUDA runtime's words, which torch and onnxruntime hand on; those of HIP are the same for the most part
    "an illegal memory access was encountered",
    "an illegal instruction was encountered",
    "device-side assert triggered",
    "unspecified launch failure",
    "misaligned address",
    "operation not supported on global/shared address space",
    "invalid program counter",
    "hardware stack error",
    "the launch timed out and was terminated",
    "uncorrectable ECC error",
    "uncorrectable NVLink error",
    # the same by their names, in the runtime and in the driver
    "cudaErrorIllegalAddress",
    "cudaErrorIllegalInstruction",
    "cudaErrorAssert",
    "cudaErrorLaunchFailure",
    "cudaErrorLaunchTimeout",
    "cudaErrorMisalignedAddress",
    "cudaErrorECCUncorrectable",
    "CUDA_ERROR_ILLEGAL_ADDRESS",
    "CUDA_ERROR_ILLEGAL_INSTRUCTION",
    "CUDA_ERROR_ASSERT",
    "CUDA_ERROR_LAUNCH_FAILED",
    "CUDA_ERROR_LAUNCH_TIMEOUT",
    "CUDA_ERROR_MISALIGNED_ADDRESS",
    "CUDA_ERROR_ECC_UNCORRECTABLE",
    "CUDA_ERROR_NVLINK_UNCORRECTABLE",
    "hipErrorIllegalAddress",
    "hipErrorLaunchFailure",
    "hipErrorLaunchTimeOut",
    "hipErrorAssert",
    "hipErrorECCNotCorrectable",
    # the runtime below HIP, which mostly ends the process
    "HSA_STATUS_ERROR_MEMORY_APERTURE_VIOLATION",
    "HSA_STATUS_ERROR_MEMORY_FAULT",
    "HSA_STATUS_ERROR_ILLEGAL_INSTRUCTION",
    "HSA_STATUS_ERROR_EXCEPTION",
    "Memory access fault by GPU",
    # a card that is gone
    "GPU is lost",
    "GPU has fallen off the bus",
)


def sticky_texts(hardware: str) -> tuple[str, ...]:
    """What to look for in the errors of a job on this hardware; nothing where there is no context to lose."""
    return STICKY if hardware in _HARDWARE else ()


def find_sticky(text: str, texts: Sequence[str]) -> str:
    """The first of some texts that stands in another one; empty: none."""
    return next((one for one in texts if one in text), "")


def runs_again(*, ran: int, again: bool) -> bool:
    """Whether a test that shows such an error runs once more, first in a new process, before it is charged.

    Args:
        ran: How many tests the process had run before it.
        again: Whether it has run once more already.
    """
    return ran > 0 and not again


def beside(latest: Sequence[str], ran: int) -> str:
    """Names the tests of a process that came before one: ``a, b (and 3 tests before them)``.

    Args:
        latest: The last of them, in the order in which they ran.
        ran: How many there were.
    """
    more = ran - len(latest)
    if more <= 0:
        return ", ".join(latest)
    return f"{', '.join(latest)} (and {more} test{'s' if more > 1 else ''} before)"
