import pytest

from dtf.domain.worker import Device
from dtf.execution.probes.visible import allowed_amd

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
