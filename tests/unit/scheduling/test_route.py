import pytest

from dtf.domain.specs import HARDWARE_TAGS
from dtf.domain.worker import Device, DeviceState
from dtf.scheduling.route import queue_for, route_task, serviceable, split_queues


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
    assert serviceable(devices) == ("cpu", "cuda", "gpu")
    assert split_queues(["rocm", "cuda", "nonsense"], devices) == (("cuda",), ("rocm", "nonsense"))


def test_a_declared_tag_is_the_cpus() -> None:
    """What no probe can find is served where the worker declares it, by its CPU; other free tags are no queues."""
    devices = [_device("cpu")]
    assert serviceable(devices, ["openvino", "transformers", "cuda"]) == ("cpu", "openvino")
    assert serviceable([_device("cuda")], ["openvino"]) == ("cuda", "gpu")


def test_a_requirement_queue_is_its_tags() -> None:
    """Whether a requirement queue can be served at all is a matter of its tag."""
    queues = ["cuda[vram_gb>=24]", "rocm[devices=2]", "gpu[mig]"]
    assert split_queues(queues, [_device("cuda")]) == (("cuda[vram_gb>=24]", "gpu[mig]"), ("rocm[devices=2]",))
