import pytest

from dtf.domain.worker import Device
from dtf.execution.probes.visible import allowed_amd, rocr_name

_ONE, _TWO, _THREE = (
    Device(kind="rocm", name="Stand-in", uuid=uuid)
    for uuid in ("GPU-00000000000000a1", "GPU-00000000000000b2", "amd-0000:0b:00.0")
)
_ALL = [_ONE, _TWO, _THREE]


@pytest.mark.parametrize(
    ("rocr", "hip", "cuda", "left"),
    [
        (None, None, None, _ALL),
        ("", None, None, []),
        ("-1", None, None, []),
        ("2,0", None, None, [_THREE, _ONE]),
        ("0,9,1", None, None, [_ONE]),
        ("GPU-00000000000000b2,0", None, None, [_TWO, _ONE]),
        ("GPU-00000000000000B2", None, None, [_TWO]),
        ("GPU-00000000000000", None, None, []),
        # HIP counts what ROCm left
        ("2,0", "1", None, [_ONE]),
        ("2,0", "2", None, []),
        (None, "1", None, [_TWO]),
        # HIP reads CUDA's variable where its own is not set
        (None, None, "2", [_THREE]),
        (None, "0", "2", [_ONE]),
        (None, "", "2", []),
    ],
)
def test_only_what_the_caller_allows(rocr: str | None, hip: str | None, cuda: str | None, left: list[Device]) -> None:
    """ROCm's and HIP's variables narrow the devices as they read them: one after the other, to the first misfit."""
    assert allowed_amd(_ALL, rocr=rocr, hip=hip, cuda=cuda) == left


def test_what_rocm_calls_a_device() -> None:
    """A UUID of ROCm's own stays; a device that is known by its place goes by its index; a simulated one is nothing."""
    assert rocr_name(_ONE) == "GPU-00000000000000a1"
    placed = Device(kind="rocm", name="Stand-in", uuid="amd-0000:0b:00.0", details={"index": 1})
    assert rocr_name(placed) == "1"
    simulated = Device(kind="rocm", name="x", uuid="simulated-rocm-0", simulated=True, details={"index": 0})
    assert rocr_name(simulated) == "simulated-rocm-0"
