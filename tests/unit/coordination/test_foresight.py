from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from dtf.bootstrap.coordinator import _watches
from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.memory_store import MemoryStore
from dtf.coordination.foresight import Foresight
from dtf.domain.breaker import BreakerMode, Sign, Target
from dtf.domain.early_warning import Forewarning, Vitals
from dtf.domain.ports.views import WorkerView
from dtf.domain.slot import Slot
from dtf.domain.worker import Device, WorkerInfo, WorkerLoad, WorkerState
from dtf.resilience.breaker import Answer, Evidence
from dtf.resilience.breaker_params import BreakerParams
from dtf.settings import load_settings
from tests.support.fake_clock import FakeClock

if TYPE_CHECKING:
    from dtf.bootstrap.ledger import Ledger
    from dtf.breakers.learning_loop import Snapshots
    from dtf.coordination.learning import Learning

CPU = Target(hardware="cpu", name="w@lab")
GPU = Target(hardware="cuda", name="GPU-1")
BROWSER = Target(hardware="webgpu", name="browser-1")
SURE = Forewarning(probability=0.9, warns=True, acts=True)


def worker() -> WorkerView:
    """Two slots on the CPU, one with a GPU, one with a browser."""
    info = WorkerInfo(
        worker_id="w",
        name="w@lab",
        host="lab",
        fingerprint="f",
        pid=1,
        queues=("cpu", "cuda", "webgpu"),
        slots=4,
        memory_bytes=1000,
        devices=(
            Device(kind="cpu", name="c", uuid="f"),
            Device(kind="cuda", name="g", uuid="GPU-1", details={"memory_bytes": 80}),
            Device(kind="webgpu", name="b", uuid="browser-1"),
        ),
        slot_table=(
            Slot(number=0, tags=("cpu",), devices=("f",)),
            Slot(number=1, tags=("cpu",), devices=("f",)),
            Slot(number=2, tags=("cuda",), devices=("GPU-1",)),
            Slot(number=3, tags=("webgpu",), devices=("browser-1",)),
        ),
    )
    load = WorkerLoad(
        cpu_percent=1,
        memory_percent=2,
        load_1m=0,
        busy_slots=1,
        devices={"GPU-1": {"memory_used_bytes": 60.0, "temperature_c": 71.0}},
        slot_memory_bytes={"0": 100, "1": 20, "2": 500, "3": 50},
    )
    return WorkerView(info=info, state=WorkerState.ONLINE, load=load, registered_at=0, seen_at=0, took_work_at=None)


class Lab:
    """One worker, with breakers of all that it has."""

    def __init__(self) -> None:
        self.view = worker()
        self.clock = FakeClock()
        self.store = MemoryStore(self.clock)
        for target in (CPU, GPU, BROWSER, Target(hardware="cuda", name="w@lab")):
            self.store.ask(target, BreakerParams(), permit="p")
        self.foresight = Foresight(self.store, lambda: [self.view], BreakerConfig())


@pytest.fixture
def lab() -> Lab:
    """As above."""
    return Lab()


def test_what_heartbeats_tell_of_each_target(lab: Lab) -> None:
    """Of a GPU its own memory and temperature; of the others what their slots' processes have of the machine's."""
    assert lab.foresight.look() == {
        CPU: Vitals(memory=0.12),
        GPU: Vitals(memory=0.75, temperature=71.0),
        BROWSER: Vitals(memory=0.05),
    }


def test_what_is_not_told_is_not_known(lab: Lab) -> None:
    """A worker that has not reported yet, a GPU that tells nothing, one whose size nobody knows."""
    lab.view = replace(lab.view, load=None)
    assert set(lab.foresight.look().values()) == {Vitals()}
    load = worker().load
    assert load
    lab.view = replace(worker(), load=replace(load, devices={}))
    assert lab.foresight.look()[GPU] == Vitals()
    devices = tuple(replace(device, details={}) for device in worker().info.devices)
    lab.view = replace(worker(), info=replace(worker().info, devices=devices))
    assert lab.foresight.look()[GPU] == Vitals(temperature=71.0)


def test_only_closed_breakers_that_nobody_forces_are_looked_at(lab: Lab) -> None:
    """Nothing is foretold of what is open, in an operator's hand, or on a worker that is gone."""
    for _ in range(4):
        lab.store.observe(GPU, BreakerParams(), Evidence(sign=Sign.INFRA, likelihood=(0.01, 0.5, 0.9), epoch=0))
    lab.store.set_mode(BROWSER, BreakerMode.FORCED_CLOSED)
    assert set(lab.foresight.look()) == {CPU}
    lab.view = replace(lab.view, state=WorkerState.OFFLINE)
    assert not lab.foresight.look()


def test_a_warning_that_is_acted_on_sends_a_canary_and_opens_nothing(lab: Lab) -> None:
    """The breaker asks for one, holds real work until it is back, and believes it."""
    lab.foresight.warn(CPU, SURE)
    params = BreakerParams()
    assert lab.store.ask(CPU, params, permit="a").answer is Answer.REFUSED
    gate = lab.store.ask(CPU, params, permit="b", canary=True)
    assert gate.answer is not Answer.REFUSED
    assert 0.3 < gate.bad < 0.4
    passed = Evidence(sign=Sign.CANARY_PASSED, likelihood=(0.99, 0.45, 0.05), epoch=gate.epoch, permit="b")
    lab.store.observe(CPU, params, passed)
    assert lab.store.ask(CPU, params, permit="c").answer is Answer.GRANTED
    assert lab.store.transitions(CPU, 0) == ()


@pytest.mark.parametrize("policy", [BreakerPolicy.LEARNED, BreakerPolicy.METRICS])
def test_where_breakers_only_tell_warnings_do_too(lab: Lab, policy: BreakerPolicy) -> None:
    """The learner looks ahead in both, and acts in one."""
    learner = Foresight(lab.store, lambda: [lab.view], BreakerConfig(policy=policy)).make_learner()
    known = learner.publish(lab.store.now()).early_warning
    assert known is not None
    assert set(known.targets) == {"cpu/w@lab", "cuda/GPU-1", "webgpu/browser-1"}
    assert learner._warning._may_act is (policy is BreakerPolicy.LEARNED)  # type: ignore[attr-defined]


def test_the_coordinators_learner_looks_ahead(lab: Lab) -> None:
    """As it is put together for a cluster."""
    unused = dict.fromkeys(("breakers", "fallbacks", "monitor", "samples"))
    ledger = SimpleNamespace(views=SimpleNamespace(workers=lambda: [lab.view]), **unused)
    *_, learning = _watches(load_settings({}), cast("Ledger", ledger), "redis://127.0.0.1:1/0")
    loop = cast("Learning", learning)._make_loop(lab.store, cast("Snapshots", None))
    known = loop._make_learner().publish(lab.store.now()).early_warning
    assert known is not None
    assert set(known.targets) == {"cpu/w@lab", "cuda/GPU-1", "webgpu/browser-1"}
