import pytest

from dtf.analysis.standing import device_names, standing, standing_line
from dtf.domain.proof import Standing

WEBGPU = '{"WebGpuExecutionProvider": 3, "CPUExecutionProvider": 1}'
WEBNN = '{"WebNNExecutionProvider": 3}'


@pytest.mark.parametrize(
    ("hardware", "proof", "expected"),
    [
        ("cpu", {"host": "h"}, Standing.PROVEN),
        ("cpu", {}, Standing.NOT_PROVEN),
        ("cuda", {"host": "h", "device": "GPU-1"}, Standing.NOT_PROVEN),
        ("cuda", {"evidence": "process 7 was seen on GPU-1"}, Standing.PROVEN),
        ("cuda", {"evidence": "", "providers": '{"CUDAExecutionProvider": 12}'}, Standing.PROVEN),
        ("cuda", {"providers": '{"CUDAExecutionProvider": 0, "CPUExecutionProvider": 12}'}, Standing.NOT_PROVEN),
        ("gpu", {"providers": '{"ROCMExecutionProvider": 1}'}, Standing.PROVEN),
        ("cuda", {"providers": WEBGPU}, Standing.NOT_PROVEN),
        ("webgpu", {"providers": WEBGPU}, Standing.PROVEN),
        ("webgpu", {"providers": WEBGPU, "software": "yes", "evidence": "x"}, Standing.SOFTWARE),
        ("cuda", {"simulated": "yes", "evidence": "x"}, Standing.SIMULATED),
        ("cuda", {"elsewhere": "on the CPU", "simulated": "yes", "evidence": "x"}, Standing.ELSEWHERE),
        ("cpu", {"elsewhere": "?"}, Standing.ELSEWHERE),
        ("cuda", {"degraded": "cuda -> cpu", "evidence": "x"}, Standing.DEGRADED),
        ("cpu", {"degraded": "cpu -> webgpu", "software": "yes"}, Standing.DEGRADED),
        ("webgpu", {"software": "no", "simulated": ""}, Standing.NOT_PROVEN),
        ("cuda", {"providers": "[broken"}, Standing.NOT_PROVEN),
        ("cuda", {"providers": "[1]"}, Standing.NOT_PROVEN),
        ("cuda", {"providers": '{"CUDAExecutionProvider": "many"}'}, Standing.NOT_PROVEN),
        ("webnn", {"providers": WEBNN, "evidence": "WebNN took 3 nodes"}, Standing.NOT_PROVEN),
        ("webnn", {"evidence": "1 page was opened"}, Standing.NOT_PROVEN),
        ("webgpu", {"providers": WEBNN, "evidence": "WebNN took 3 nodes"}, Standing.NOT_PROVEN),
        ("openvino", {"host": "h"}, Standing.NOT_PROVEN),
    ],
)
def test_what_a_proof_is_worth(hardware: str, proof: dict[str, str], expected: Standing) -> None:
    """Elsewhere is told before simulated, that before software, and nothing is proven by the tag alone."""
    assert standing(hardware, proof) is expected


def test_a_test_may_show_where_it_ran() -> None:
    """The providers that a test recorded count as those of the attempt; they do not make software hardware."""
    assert standing("webgpu", {"host": "h"}, {"providers": WEBGPU}) is Standing.PROVEN
    assert standing("webgpu", {"software": "yes"}, {"providers": WEBGPU}) is Standing.SOFTWARE
    assert standing("webgpu", {"host": "h"}, {"providers": '{"CPUExecutionProvider": 1}'}) is Standing.NOT_PROVEN


def test_one_line_tells_what_does_not_stand_for_its_hardware() -> None:
    """The gravest comes first, each with its number and tags; where all is proven there is no line."""
    assert standing_line({Standing.PROVEN: {"cpu": 3}}) == ""
    counts = {
        Standing.NOT_PROVEN: {"rocm": 2, "cuda": 1},
        Standing.ELSEWHERE: {"cuda": 1},
        Standing.PROVEN: {"cpu": 3},
        Standing.SOFTWARE: {"webgpu": 0},
    }
    assert standing_line(counts) == (
        "1 result (cuda) ran elsewhere than on the hardware that was asked for; "
        "3 results (cuda, rocm) on hardware whose use nothing shows"
    )


def test_devices_have_one_name() -> None:
    """Equal devices are counted."""
    assert device_names({"device_name": "H200; H200;A100"}) == "2 x H200 + A100"
    assert device_names({}) == ""
