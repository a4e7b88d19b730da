import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from dtf.domain.codec import to_json
from dtf.domain.slot import Slot
from dtf.domain.worker import Device, WorkerInfo
from dtf.execution.guardian.messages import Announcement
from dtf.execution.intake import Intake

RUN = "dtf.run_shard"
QUEUES = ["cuda", "cuda[devices=2]", "celery.pidbox"]


@dataclass(frozen=True)
class Task:
    """A task that Celery has."""

    id: str
    queue: str
    name: str = RUN
    delivery_info: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "delivery_info", {"routing_key": self.queue})


def intake() -> Intake:
    """That of a worker with two GPUs."""
    devices = tuple(Device(kind="cuda", name="g", uuid=f"G{n}") for n in (0, 1))
    table = tuple(Slot(number=n, tags=("cuda",), devices=(device.uuid,)) for n, device in enumerate(devices))
    info = WorkerInfo(
        worker_id="w",
        name="w",
        host="h",
        fingerprint="f",
        pid=1,
        queues=("cuda",),
        slots=2,
        devices=devices,
        slot_table=table,
    )
    return Intake(info, RUN)


def say(announcement: Announcement) -> bytes:
    """A line of the guardian's."""
    return json.dumps(to_json(announcement)).encode() + b"\n"


def test_only_tasks_that_need_slots_count() -> None:
    """A suite that is warmed up takes no slot; what is no task's queue is always let in."""
    taken = intake()
    preparing = Task("p", "cuda", name="dtf.prepare_suite")
    assert list(taken.admit(QUEUES, [preparing, Task("a", "cuda")])) == QUEUES
    assert list(taken.admit(QUEUES, [Task("a", "cuda"), Task("b", "cuda")])) == ["celery.pidbox"]


def test_the_order_of_taking_is_kept() -> None:
    """A job of two devices that waits keeps the one that is free, whatever order Celery names its tasks in."""
    taken = intake()
    two, one = Task("b", "cuda[devices=2]"), Task("a", "cuda")
    taken.admit(QUEUES, [one])
    taken.hear(say(Announcement(task_id="a", slots=(1,))))
    assert list(taken.admit(QUEUES, [one, two])) == ["celery.pidbox"]
    assert list(taken.admit(QUEUES, [two, one])) == ["celery.pidbox"]
    taken.hear(say(Announcement(task_id="b", slots=(0, 1))))
    assert list(taken.admit(QUEUES, [two])) == ["celery.pidbox"]
    assert list(taken.admit(QUEUES, [])) == QUEUES


def test_what_the_guardian_says_of_queues() -> None:
    """The requirement queues that it names are wanted until it names others; slots change nothing about them."""
    taken = intake()
    assert taken.hear(say(Announcement(queues=("cuda[devices=2]",))))
    assert taken.wanted == {"cuda[devices=2]"}
    assert not taken.hear(say(Announcement(task_id="a", slots=(0,))))
    assert not taken.hear(say(Announcement(task_id="a")))
    taken.forget()
    assert taken.wanted == {"cuda[devices=2]"}
    assert taken.hear(say(Announcement(queues=())))
    assert not taken.wanted


def test_held_slots_take_nothing() -> None:
    """Slots that the guardian holds count as taken until it says otherwise, or is gone."""
    taken = intake()
    assert not taken.hear(say(Announcement(held=(0, 1))))
    assert list(taken.admit(QUEUES, [])) == ["celery.pidbox"]
    taken.hear(say(Announcement(task_id="a", slots=())))
    assert list(taken.admit(QUEUES, [])) == ["celery.pidbox"]
    taken.hear(say(Announcement(held=())))
    assert list(taken.admit(QUEUES, [])) == QUEUES
    taken.hear(say(Announcement(held=(0, 1))))
    taken.forget()
    assert list(taken.admit(QUEUES, [])) == QUEUES


def test_held_devices_take_nothing() -> None:
    """No hint is taken that wants just these, until the guardian says otherwise or is gone."""
    taken, only = intake(), ["cuda", "cuda[uuid=g1]"]
    held = say(Announcement(held=(), held_devices=("G1",)))
    taken.hear(held)
    taken.hear(say(Announcement(task_id="a", slots=())))
    assert list(taken.admit(only, [])) == ["cuda"]
    assert list(taken.admit(only, [Task("b", "cuda[uuid=g1]")])) == ["cuda"]
    taken.hear(say(Announcement(held=(), held_devices=())))
    assert list(taken.admit(only, [])) == only
    taken.hear(held)
    taken.forget()
    assert list(taken.admit(only, [])) == only


def test_nonsense_is_passed_over() -> None:
    """A line that cannot be read changes nothing."""
    taken = intake()
    for line in (b"ready\n", b"\xff\n", b"[]\n", b'{"queues": 5}\n', b'{"slots": ["a"]}\n'):
        assert not taken.hear(line)
    assert list(taken.admit(QUEUES, [])) == QUEUES


def test_a_drained_worker_takes_no_hint() -> None:
    """Whatever its guardian says later, and when there is another one: what has nothing to do with slots goes on."""
    drained = intake()
    drained.hear(say(Announcement(drained=True)))
    assert list(drained.admit(QUEUES, [])) == ["celery.pidbox"]
    drained.hear(say(Announcement(held=(), held_devices=())))
    drained.forget()
    assert list(drained.admit(QUEUES, [])) == ["celery.pidbox"]
