from dtf.cli.terminal.rows import device_rows, worker_rows
from dtf.cli.views_json import worker_json
from dtf.domain.ports.views import WorkerView
from dtf.domain.slot import Slot
from dtf.domain.worker import Device, DeviceState, WorkerInfo, WorkerState

CPU = Device(kind="cpu", name="EPYC", uuid="host")
H200 = Device(kind="cuda", name="H200", uuid="GPU-1")
BROKEN = Device(kind="cuda", name="T4", uuid="GPU-2", state=DeviceState.FAILED, reason="wrong answer")
SIMULATED = Device(kind="rocm", name="simulated rocm", uuid="simulated-rocm-0", simulated=True)
CHROMIUM = Device(kind="webgpu", name="SwiftShader in Chromium", uuid="web", details={"software": True})


def view(*devices: Device, name: str = "lab", table: tuple[Slot, ...] = (), tags: tuple[str, ...] = ()) -> WorkerView:
    """A worker with these devices."""
    info = WorkerInfo(
        worker_id="w000001",
        name=name,
        host="h",
        fingerprint="f",
        pid=1,
        queues=("cpu",),
        slots=len(table),
        devices=devices,
        slot_table=table,
        tags=tags,
    )
    return WorkerView(info=info, state=WorkerState.ONLINE, load=None, registered_at=0.0, seen_at=0.0, took_work_at=None)


def test_devices_are_shown_with_their_slots_and_marks() -> None:
    """Simulated, software and failed devices say so; neighbouring slots are a range, shares tell their size."""
    table = (
        Slot(number=0, tags=("cpu",), devices=("host",)),
        Slot(number=1, tags=("cpu",), devices=("host",)),
        Slot(number=2, tags=("cuda",), devices=("GPU-1",), memory_bytes=40 * 10**9),
        Slot(number=3, tags=("rocm",), devices=("simulated-rocm-0",)),
        Slot(number=4, tags=("cuda",), devices=("GPU-1",), memory_bytes=40 * 10**9),
        Slot(number=5, tags=("webgpu",), devices=("web",)),
    )
    assert device_rows([view(CPU, H200, BROKEN, SIMULATED, CHROMIUM, table=table)]) == [
        ("lab", "cpu", "0-1", "host", "EPYC", "-"),
        ("lab", "cuda", "2,4 (40 GB each)", "GPU-1", "H200", "-"),
        ("lab", "cuda", "-", "GPU-2", "T4", "failed: wrong answer"),
        ("lab", "rocm", "3", "simulated-rocm-0", "simulated rocm", "simulated"),
        ("lab", "webgpu", "5", "web", "SwiftShader in Chromium", "software"),
    ]


def test_workers_with_a_cpu_alone_have_no_devices_to_show() -> None:
    """The first table names it already."""
    assert device_rows([view(CPU), view(CPU, name="b")]) == []
    assert device_rows([view(CPU), view(CPU, SIMULATED, name="b")])[0][0] == "b"


def test_a_worker_shows_its_tags_and_marks() -> None:
    """In the table, and in the JSON with its slots."""
    worker = view(CPU, BROKEN, SIMULATED, tags=("gpu", "transformers"), table=(Slot(number=0, tags=("cpu",)),))
    (row,) = worker_rows([worker], 0.0)
    assert row[-2:] == ("gpu,transformers", "EPYC, T4 (failed: wrong answer), simulated rocm (simulated)")
    data = worker_json(worker)
    assert data["tags"] == ["gpu", "transformers"]
    assert data["slot_table"] == [{"number": 0, "tags": ["cpu"], "devices": [], "memory_bytes": 0}]
    assert [device["marks"] for device in data["devices"]] == [[], ["failed: wrong answer"], ["simulated"]]
    assert data["devices"][1]["reason"] == "wrong answer"
