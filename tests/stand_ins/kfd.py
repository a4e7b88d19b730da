"""A stand-in for what the kernel tells of a ROCm host in sysfs, with the structure that its driver gives it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from dtf.execution.probes.kfd import KernelFiles

_PROCESSOR = "cpu_cores_count 16\nsimd_count 0\nmem_banks_count 1\ngfx_target_version 0\nlocation_id 0\ndomain 0\n"
_GPU = (
    "cpu_cores_count 0\nsimd_count {simds}\nmem_banks_count 1\ngfx_target_version {gfx}\nvendor_id 4098\n"
    "location_id {location}\ndomain 0\ndrm_render_minor {minor}\nunique_id {unique}\n"
)


def write_rocm_host(root: Path, processes: Mapping[int, Sequence[int]] | None = None) -> KernelFiles:
    """A host with one processor, one accelerator (``gpu_id`` 51110) and one consumer card (60987).

    Args:
        root: Where it is written.
        processes: The GPUs on which each process has a queue, by its pid.
    """
    files = KernelFiles(
        topology=root / "nodes",
        kfd=root / "kfd",
        drm=root / "drm",
        module=root / "amdgpu",
        processes=root / "proc",
    )
    accelerator = _GPU.format(simds=416, gfx=90010, location=0x0300, minor=128, unique=0x0123456789ABCDEF)
    card = _GPU.format(simds=192, gfx=110000, location=0x0B00, minor=129, unique=0)
    _write_node(files.topology / "0", _PROCESSOR, "", 0)
    _write_node(files.topology / "1", accelerator, "aldebaran", 51110)
    _write_node(files.topology / "2", card, "navi31", 60987)
    for minor in (128, 129):
        device = files.drm / f"renderD{minor}" / "device"
        sensor = device / "hwmon" / "hwmon3"
        sensor.mkdir(parents=True)
        (sensor / "temp1_input").write_text("47000\n")
        (device / "gpu_busy_percent").write_text("88\n")
        (device / "mem_info_vram_used").write_text("4096\n")
    files.module.mkdir()
    (files.module / "version").write_text("6.10.5\n")
    files.kfd.touch()
    for pid, gpus in (processes or {}).items():
        write_process(files, pid, gpus)
    return files


def write_process(files: KernelFiles, pid: int, gpus: Sequence[int]) -> None:
    """A process that has opened both GPUs, as ROCm always does, and has queues on some of them."""
    (files.processes / str(pid) / "queues").mkdir(parents=True)
    for number, gpu in enumerate(gpus):
        queue = files.processes / str(pid) / "queues" / str(number)
        queue.mkdir()
        (queue / "gpuid").write_text(f"{gpu}\n")
    for gpu in (51110, 60987):
        (files.processes / str(pid) / f"vram_{gpu}").write_text("1048576\n")


def _write_node(path: Path, properties: str, name: str, gpu_id: int) -> None:
    bank = path / "mem_banks" / "0"
    bank.mkdir(parents=True)
    (bank / "properties").write_text("heap_type 1\nsize_in_bytes 68702699520\nflags 0\n")
    (path / "properties").write_text(properties)
    (path / "name").write_text(f"{name}\n")
    (path / "gpu_id").write_text(f"{gpu_id}\n")
