from dtf.domain.breaker import Target
from dtf.domain.held import holders, worker_targets
from dtf.domain.slot import Slot
from dtf.domain.worker import Device, WorkerInfo

G1, G2 = Target(hardware="cuda", name="GPU-1"), Target(hardware="cuda", name="GPU-2")
WAY, CPU = Target(hardware="cuda", name="w1@lab"), Target(hardware="cpu", name="w1@lab")
B1, B2 = Target(hardware="webgpu", name="webgpu-a"), Target(hardware="webgpu", name="webgpu-b")


def _worker() -> WorkerInfo:
    devices = (
        Device(kind="cpu", name="EPYC", uuid="f"),
        Device(kind="cuda", name="A", uuid="GPU-1", details={"memory_bytes": 24_000_000_000}),
        Device(kind="cuda", name="B", uuid="GPU-2", details={"memory_bytes": 80_000_000_000}),
        Device(kind="webgpu", name="a", uuid="webgpu-a"),
        Device(kind="webgpu", name="b", uuid="webgpu-b"),
    )
    table = (
        Slot(number=0, tags=("cpu",), devices=("f",)),
        Slot(number=1, tags=("cuda", "gpu"), devices=("GPU-1",)),
        Slot(number=2, tags=("cuda", "gpu"), devices=("GPU-2",)),
        Slot(number=3, tags=("webgpu",), devices=("webgpu-a", "webgpu-b")),
    )
    return WorkerInfo(
        worker_id="w1",
        name="w1@lab",
        host="lab",
        fingerprint="f",
        pid=1,
        queues=("cpu", "cuda", "gpu", "webgpu"),
        slots=4,
        devices=devices,
        slot_table=table,
    )


W = [_worker()]


def test_a_queue_is_held_when_every_slot_for_it_is() -> None:
    """One device that works is enough, unless the requirements leave it out or more are needed."""
    assert holders("cuda", W, {G1}) == ()
    assert holders("cuda", W, {G1, G2}) == (G1, G2)
    assert holders("gpu", W, {G1, G2}) == (G1, G2)
    assert holders("cuda[vram_gb>=40]", W, {G2}) == (G2,)
    assert holders("cuda[vram_gb>=40]", W, {G1}) == ()
    assert holders("cuda[devices=2]", W, {G1}) == (G1,)
    assert holders("cuda[devices=2]", W, set()) == ()


def test_the_way_to_a_worker_is_a_target_too() -> None:
    """It holds all its slots of that tag; a CPU's slots have no other."""
    assert holders("cuda", W, {WAY}) == (WAY,)
    assert holders("cpu", W, {CPU}) == (CPU,)
    assert holders("cuda", W, {CPU}) == ()


def test_a_browser_slot_needs_one_of_its_browsers() -> None:
    """It is held when all of them are."""
    assert holders("webgpu", W, {B1}) == ()
    assert holders("webgpu", W, {B1, B2}) == (B1, B2)


def test_what_nobody_serves_is_not_held_by_a_breaker() -> None:
    """That has other reasons, and a second worker that works is enough."""
    assert holders("rocm", W, {G1, G2}) == ()
    assert holders("cuda", [], {G1, G2}) == ()
    assert holders("cuda[vram_gb>=900]", W, {G1, G2}) == ()


def test_everything_that_can_have_a_breaker_is_known() -> None:
    """Ways by tag, and the devices that slots own but for the CPU."""
    found = worker_targets(W[0])
    assert {G1, G2, WAY, CPU, B1, B2} < set(found)
    assert Target(hardware="cpu", name="f") not in found
