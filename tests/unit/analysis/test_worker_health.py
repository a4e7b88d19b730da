from dtf.analysis.worker_health import WorkerHealth, check
from dtf.domain.breaker import Target
from dtf.domain.quarantine import Quarantine
from dtf.domain.worker import Device, DeviceState, WorkerState
from tests.support.moments import NOW, worker

_WAY = Target(hardware="cpu", name="celery@lab1")


def test_a_worker_in_order_is_healthy() -> None:
    """One that drains too: it was asked to."""
    assert check(worker(), {}, NOW).health is WorkerHealth.HEALTHY
    assert check(worker(state=WorkerState.DRAINING), {}, NOW).health is WorkerHealth.HEALTHY
    assert check(worker(), {Target(hardware="cpu", name="another"): "open"}, NOW).troubles == ()


def test_one_that_says_nothing_is_unhealthy_and_one_that_is_gone_is_offline() -> None:
    """And the words do not change from second to second: they would go to every page each time."""
    silent = worker(seen_at=NOW - 40)
    checkup = check(silent, {}, NOW)
    assert checkup.health is WorkerHealth.UNHEALTHY
    assert checkup.troubles == ("nothing was heard of it for 30 s",)
    assert check(silent, {}, NOW + 1) == checkup
    assert check(worker(state=WorkerState.OFFLINE), {}, NOW).health is WorkerHealth.OFFLINE


def test_what_keeps_all_slots_is_grave_and_what_keeps_some_is_not() -> None:
    """An open breaker of the only way, and of one of two; quarantine as well."""
    checkup = check(worker(), {_WAY: "forced open"}, NOW)
    assert checkup.health is WorkerHealth.UNHEALTHY
    assert checkup.troubles == ("no work gets through to it: the breaker of cpu/celery@lab1 is forced open",)
    other = Target(hardware="cuda", name="celery@lab1")
    checkup = check(worker(queues=("cpu", "cuda")), {other: "open"}, NOW)
    assert checkup.health is WorkerHealth.DEGRADED
    assert checkup.troubles == ("the breaker of cuda/celery@lab1 is open",)
    inside = Quarantine(target=_WAY, slots=(0, 1), for_s=3.0, reason="a canary failed")
    checkup = check(worker(quarantine=(inside,)), {}, NOW)
    assert checkup.health is WorkerHealth.UNHEALTHY
    assert "cpu/celery@lab1 is in quarantine" in checkup.troubles[0]


def test_a_failed_device_and_a_full_host_are_told() -> None:
    """It still takes work, so it is degraded."""
    broken = Device(kind="cuda", name="H100", uuid="GPU-1", state=DeviceState.FAILED, reason="wrong sum")
    checkup = check(worker("a", broken, memory_percent=97.0), {}, NOW)
    assert checkup.health is WorkerHealth.DEGRADED
    assert checkup.troubles == ("cuda H100 failed: wrong sum", "more than 95 % of the memory of lab1 is taken")
