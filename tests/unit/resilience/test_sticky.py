import pytest

from dtf.resilience.sticky import STICKY, beside, find_sticky, runs_again, sticky_texts


@pytest.mark.parametrize("hardware", ["cuda", "rocm", "gpu"])
@pytest.mark.parametrize(
    "message",
    [
        "CUDA error: an illegal memory access was encountered\nCompile with `TORCH_USE_CUDA_DSA`",
        "RuntimeError: CUDA error: device-side assert triggered",
        "CUDA error: unspecified launch failure",
        "CUDA error: misaligned address",
        "[700] Call to cuMemcpyDtoH results in CUDA_ERROR_ILLEGAL_ADDRESS",
        "cuCtxSynchronize failed: CUDA_ERROR_LAUNCH_FAILED",
        "CUDA failure 214: uncorrectable ECC error encountered ; GPU=0",
        "HIP error: hipErrorIllegalAddress",
        "hipErrorLaunchFailure: unspecified launch failure",
        "HSA_STATUS_ERROR_MEMORY_APERTURE_VIOLATION: memory beyond the largest legal address",
        "GPU is lost",
    ],
)
def test_a_lost_context_is_recognised_on_a_gpu(hardware: str, message: str) -> None:
    """The words of the runtimes, as libraries hand them on."""
    assert find_sticky(message, sticky_texts(hardware))


@pytest.mark.parametrize(
    "message",
    [
        "CUDA out of memory. Tried to allocate 20.00 GiB",
        "CUDA error: out of memory",
        "CUDA_ERROR_OUT_OF_MEMORY",
        "hipErrorOutOfMemory",
        "CUBLAS_STATUS_EXECUTION_FAILED when calling cublasSgemm",
        "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED",
        "CUDA error: invalid argument",
        "CUDA error: no kernel image is available for execution on the device",
        "assert 1 == 2",
        "",
    ],
)
def test_what_a_process_survives_is_not_sticky(message: str) -> None:
    """Memory that is exhausted comes back, and a refused call harms nothing."""
    assert find_sticky(message, STICKY) == ""


@pytest.mark.parametrize("hardware", ["cpu", "webgpu", "webnn", "mps", "openvino"])
def test_nothing_is_looked_for_on_other_hardware(hardware: str) -> None:
    """A suite of the CPU may print what it likes."""
    assert sticky_texts(hardware) == ()


@pytest.mark.parametrize(("ran", "again", "expected"), [(0, False, False), (1, False, True), (9, True, False)])
def test_only_what_may_be_another_tests_fault_runs_again(ran: int, again: bool, expected: bool) -> None:
    """The first of a process is charged, and nothing runs again twice."""
    assert runs_again(ran=ran, again=again) is expected


@pytest.mark.parametrize(
    ("latest", "ran", "told"),
    [
        (["a"], 1, "a"),
        (["a", "b"], 3, "a, b (and 1 test before)"),
        (["a", "b", "c"], 12, "a, b, c (and 9 tests before)"),
    ],
)
def test_the_last_tests_are_named(latest: list[str], ran: int, told: str) -> None:
    """The last few by name, the others by number."""
    assert beside(latest, ran) == told
