from dataclasses import replace

import pytest

from dtf.coordination.rerouting import Rerouting, open_words
from dtf.domain.breaker import Target
from dtf.domain.ports.control import Term
from dtf.domain.slot import Slot
from dtf.domain.worker import Device, WorkerInfo
from tests.support.fake_clock import FakeClock
from tests.support.memory_breakers import MemoryFallbacks

TERM = Term(holder="c1", number=1)
G1, G2 = Target(hardware="cuda", name="GPU-1"), Target(hardware="cuda", name="GPU-2")
CPU = Target(hardware="cpu", name="w@lab")


def lab() -> WorkerInfo:
    """A worker with a CPU and two GPUs."""
    devices = tuple(Device(kind="cuda", name="H200", uuid=f"GPU-{n}") for n in (1, 2))
    table = (
        Slot(number=0, tags=("cpu",), devices=("f",)),
        *(Slot(number=n, tags=("cuda", "gpu"), devices=(f"GPU-{n}",)) for n in (1, 2)),
    )
    return WorkerInfo(
        worker_id="w",
        name="w@lab",
        host="lab",
        fingerprint="f",
        pid=1,
        queues=("cpu", "cuda", "gpu"),
        slots=3,
        devices=(Device(kind="cpu", name="EPYC", uuid="f"), *devices),
        slot_table=table,
    )


class World:
    """Waiting jobs, and what moves them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.fallbacks = MemoryFallbacks(workers=[lab()])
        self.rerouting = Rerouting(self.fallbacks, self.clock, after_s=30.0)

    def pass_by(self, seconds: float, *refusing: Target) -> None:
        """Let time pass with these breakers open."""
        self.rerouting.apply(TERM, set(refusing))
        self.clock.advance(seconds)
        self.rerouting.apply(TERM, set(refusing))


@pytest.fixture
def world() -> World:
    """Two jobs for CUDA of which one may fall back, and a third elsewhere."""
    made = World()
    made.fallbacks.wait("j1", "cuda", "webgpu", "cpu")
    made.fallbacks.wait("j2", "cuda")
    made.fallbacks.wait("j3", "cpu", "cuda")
    return made


def test_what_every_breaker_holds_up_goes_to_what_is_served(world: World) -> None:
    """Not at once, not for one open breaker of two, and not to what nobody serves."""
    world.pass_by(60, G1)
    world.pass_by(20, G1, G2)
    assert world.fallbacks.queue_of("j1") == "cuda"
    world.pass_by(10, G1, G2)
    assert [world.fallbacks.queue_of(job) for job in ("j1", "j2", "j3")] == ["cpu", "cuda", "cpu"]
    assert world.fallbacks.reasons == ["the breakers of cuda/GPU-1 and cuda/GPU-2 are open"]


def test_the_last_level_of_recovery_waits_no_longer(world: World) -> None:
    """A queue in which a shard is to fail over goes at once where it may; others wait as ever."""
    world.fallbacks.at_last_level = {"cuda"}
    world.pass_by(0, G1)
    assert world.fallbacks.queue_of("j1") == "cuda", "one device takes work"
    world.pass_by(0, G1, G2)
    assert [world.fallbacks.queue_of(job) for job in ("j1", "j2", "j3")] == ["cpu", "cuda", "cpu"]


def test_an_outage_that_is_over_begins_to_count_anew(world: World) -> None:
    """Two short ones are not a long one."""
    world.pass_by(20, G1, G2)
    world.pass_by(5)
    world.pass_by(20, G1, G2)
    assert world.fallbacks.queue_of("j1") == "cuda"


def test_it_comes_back_when_one_device_works(world: World) -> None:
    """Also under a coordinator that did not move it, and not while nobody is there to take it."""
    world.pass_by(30, G1, G2)
    world.rerouting.reset()
    world.fallbacks.workers = []
    world.pass_by(1)
    assert world.fallbacks.queue_of("j1") == "cpu"
    world.fallbacks.workers = [lab()]
    world.pass_by(1, G1)
    assert world.fallbacks.queue_of("j1") == "cuda"


def test_a_fallback_that_is_held_too_is_none(world: World) -> None:
    """Work waits rather than goes from one outage into another; what is there already goes on."""
    world.pass_by(40, G1, G2, CPU)
    assert world.fallbacks.queue_of("j1") == "cuda"
    world.pass_by(40, G1, G2)
    assert world.fallbacks.queue_of("j1") == "cpu"


def test_what_tests_require_themselves_holds_on_the_fallback(world: World) -> None:
    """What the job required of its own hardware does not."""
    world.fallbacks.wait("j4", "cuda[cores>=1;vram_gb>=0]", "cpu[memory_gb>=0]", job_queue="cuda[vram_gb>=0]")
    memory = {"memory_bytes": 24_000_000_000}
    (worker,) = world.fallbacks.workers
    devices = tuple(replace(device, details=memory) for device in worker.devices)
    world.fallbacks.workers = [replace(worker, devices=devices)]
    world.pass_by(30, G1, G2)
    assert world.fallbacks.queue_of("j4") == "cpu[cores>=1;memory_gb>=0]"


def test_what_has_nowhere_to_go_does_not_stand_before_the_rest(world: World) -> None:
    """Jobs whose fallback nobody serves are passed by, however many they are."""
    world.fallbacks.page = 3
    for number in range(10):
        world.fallbacks.wait(f"a{number}", "cuda", "webgpu")
    world.pass_by(30, G1, G2)
    assert world.fallbacks.queue_of("j1") == "cuda"
    for _ in range(2):
        world.pass_by(1, G1, G2)
    assert world.fallbacks.queue_of("j1") == "cpu"


def test_a_reason_names_a_few_breakers() -> None:
    """And counts the others."""
    targets = [Target(hardware="cuda", name=f"GPU-{n}") for n in range(5)]
    assert open_words(targets[:1]) == "the breaker of cuda/GPU-0 is open"
    assert open_words(targets) == "the breakers of cuda/GPU-0, cuda/GPU-1, cuda/GPU-2 and 2 more are open"
