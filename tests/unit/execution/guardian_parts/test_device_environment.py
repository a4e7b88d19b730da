from dtf.domain.worker import Device
from dtf.execution.guardian.device_environment import device_environment, where_it_ran


def gpu(kind: str, uuid: str, *, simulated: bool = False) -> Device:
    """A GPU."""
    return Device(kind=kind, name=f"{kind} card", uuid=uuid, simulated=simulated)


CUDA = [gpu("cuda", "GPU-a"), gpu("cuda", "GPU-b")]
ROCM = [gpu("rocm", "GPU-c"), gpu("rocm", "GPU-d")]
CPU = Device(kind="cpu", name="Some CPU", uuid="host")


def test_a_gpu_by_its_uuid() -> None:
    """Its own devices are named by UUID; those of the other vendor are hidden."""
    assert device_environment("cuda", CUDA, [CPU, *CUDA, *ROCM]) == {
        "DTF_HARDWARE": "cuda",
        "DTF_DEVICES": "GPU-a GPU-b",
        "CUDA_VISIBLE_DEVICES": "GPU-a,GPU-b",
        "ROCR_VISIBLE_DEVICES": "",
        "HIP_VISIBLE_DEVICES": "-1",
    }


def test_hip_counts_what_rocr_leaves() -> None:
    """ROCr is told UUIDs, and HIP the numbers of those from 0."""
    assert device_environment("gpu", ROCM, [CPU, *ROCM]) == {
        "DTF_HARDWARE": "gpu",
        "DTF_DEVICES": "GPU-c GPU-d",
        "ROCR_VISIBLE_DEVICES": "GPU-c,GPU-d",
        "HIP_VISIBLE_DEVICES": "0,1",
    }


def test_the_cpu_sees_no_gpu() -> None:
    """On a host with GPUs a shard of the CPU sees none; elsewhere nothing is changed."""
    assert device_environment("cpu", [CPU], [CPU, *CUDA])["CUDA_VISIBLE_DEVICES"] == ""
    assert device_environment("cpu", [CPU], [CPU]) == {"DTF_HARDWARE": "cpu", "DTF_DEVICES": "host"}


def test_simulated_devices_are_marked() -> None:
    """A simulated device is named by a UUID that no library finds, and both say that it is simulated."""
    fake = gpu("cuda", "simulated-cuda-0", simulated=True)
    environment = device_environment("cuda", [fake], [CPU, fake])
    assert environment["CUDA_VISIBLE_DEVICES"] == "simulated-cuda-0"
    assert environment["DTF_SIMULATED"] == "1"
    assert where_it_ran("cuda", [fake]) == {
        "hardware": "cuda",
        "device": "simulated-cuda-0",
        "device_name": "cuda card",
        "simulated": "yes",
    }


def test_software_is_said_of_what_is_used() -> None:
    """The first browser is the one that is used: a software adapter there is marked, one behind it is not."""
    software = Device(kind="webgpu", name="SwiftShader", uuid="w1", details={"software": True})
    hardware = Device(kind="webgpu", name="Card", uuid="w2", details={"software": False})
    assert where_it_ran("webgpu", [software, hardware])["software"] == "yes"
    assert where_it_ran("webgpu", [hardware, software]) == {
        "hardware": "webgpu",
        "device": "w2 w1",
        "device_name": "Card; SwiftShader",
    }
    assert where_it_ran("cpu", []) == {"hardware": "cpu"}
    assert where_it_ran("cpu", [], asked="cpu") == {"hardware": "cpu"}
    assert where_it_ran("cpu", [], asked="cuda") == {"hardware": "cpu", "degraded": "cuda -> cpu"}
