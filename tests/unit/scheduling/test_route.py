import pytest

from dtf.domain.specs import HARDWARE_TAGS
from dtf.domain.worker import Device, DeviceState
from dtf.scheduling.route import default_slots, queue_for, route_task, serviceable, split_queues


def _device(kind: str, *, failed: bool = False) -> Device:
    return Device(kind=kind, name=kind, uuid=kind, state=DeviceState.FAILED if failed else DeviceState.AVAILABLE)


@pytest.mark.parametrize("tag", HARDWARE_TAGS)
def test_a_tag_has_the_queue_of_its_name(tag: str) -> None:
    """Each hardware tag is carried by the queue of the same name, named in the headers or by the dispatcher."""
    assert queue_for(tag) == tag
    assert route_task("dtf.run_shard", ["s1"], {}, {"headers": {"hardware": tag}}) == {"queue": tag}


@pytest.mark.parametrize(
    "options", [{}, {"headers": None}, {"headers": {"hardware": "moon"}}, {"headers": {"hardware": 5}}]
)
def test_without_a_known_tag_the_cpu(options: dict[str, object]) -> None:
    """What names no hardware that dtf knows goes to the cpu queue."""
    assert route_task("dtf.run_shard", ["s1"], {}, options, task=None) == {"queue": "cpu"}


def test_other_tasks_are_left_alone() -> None:
    """A task that is not dtf's is routed by Celery as it would be without dtf."""
    assert route_task("celery.ping", [], {}, {"headers": {"hardware": "cuda"}}) is None


def test_a_failed_device_serves_nothing() -> None:
    """Only available devices make a queue serviceable."""
    devices = [_device("rocm", failed=True), _device("cuda"), _device("cpu"), _device("cuda")]
    assert serviceable(devices) == ("cpu", "cuda")
    assert split_queues(["rocm", "cuda", "nonsense"], devices) == (("cuda",), ("rocm", "nonsense"))


def test_slots_by_cores_or_by_devices() -> None:
    """A worker with the cpu queue has a slot for each core, one of accelerators alone a slot for each device."""
    devices = [_device("cpu"), _device("cuda"), _device("cuda"), _device("rocm", failed=True)]
    assert default_slots(["cpu", "cuda"], devices, cores=6) == 6
    assert default_slots(["cuda"], devices, cores=6) == 2
    assert default_slots(["rocm"], devices, cores=6) == 1
