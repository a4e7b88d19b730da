from pathlib import Path

from dtf.execution.device_watch.reading import HostReader
from tests.stand_ins.kfd import write_process, write_rocm_host


def test_a_rocm_host(tmp_path: Path) -> None:
    """Processes are on the GPUs where they have queues; every GPU has its figures, as far as the kernel tells."""
    files = write_rocm_host(tmp_path, processes={11: [51110], 12: [51110, 60987], 13: []})
    reading = HostReader(files).read()
    assert reading.processes == {
        "GPU-0123456789abcdef": {"11": 1048576, "12": 1048576},
        "amd-0000:0b:00.0": {"12": 1048576},
    }
    first = reading.figures["GPU-0123456789abcdef"]
    assert first == {"utilisation_percent": 88.0, "memory_used_bytes": 4096.0, "temperature_c": 47.0}


def test_each_look_is_a_new_one(tmp_path: Path) -> None:
    """What comes and goes between two looks is seen."""
    files = write_rocm_host(tmp_path)
    reader = HostReader(files)
    assert not any(reader.read().processes.values())
    write_process(files, 21, [60987])
    assert reader.read().processes["amd-0000:0b:00.0"] == {"21": 1048576}


def test_a_host_without_gpus(tmp_path: Path) -> None:
    """There is nothing to see, and nothing is raised."""
    (tmp_path / "nodes").mkdir(parents=True)
    files = write_rocm_host(tmp_path / "other")
    (tmp_path / "other" / "nodes").rename(tmp_path / "gone")
    assert HostReader(files).read().processes == {}
