from dtf.domain.slot import Slot
from dtf.domain.worker import Device, WorkerInfo
from dtf.scheduling.admission import admitted
from dtf.scheduling.allotment import Allotment

QUEUES = ("cpu", "cuda", "cuda[devices=2]", "cuda[uuid=g1]", "webgpu", "rocm")


def lab() -> WorkerInfo:
    """A worker with one CPU slot (0), two GPUs (1 and 2) and a browser slot (3)."""
    devices = [Device(kind="cuda", name="g", uuid=f"G{number}") for number in (0, 1)]
    devices += [Device(kind="cpu", name="c", uuid="host"), Device(kind="webgpu", name="b", uuid="B")]
    table = [(("cpu",), ("host",)), (("cuda",), ("G0",)), (("cuda",), ("G1",)), (("webgpu",), ("B",))]
    return WorkerInfo(
        worker_id="w",
        name="w",
        host="lab",
        fingerprint="host",
        pid=1,
        queues=("cpu", "cuda", "webgpu"),
        slots=4,
        devices=tuple(devices),
        slot_table=tuple(Slot(number=n, tags=tags, devices=owned) for n, (tags, owned) in enumerate(table)),
    )


def let_in(
    under_way: dict[str, str] | None = None,
    holding: dict[str, tuple[int, ...]] | None = None,
    held: tuple[int, ...] = (),
) -> set[str]:
    """The queues that are admitted."""
    found = admitted(
        QUEUES, Allotment(lab()), numbers=range(4), under_way=under_way or {}, holding=holding or {}, held=held
    )
    assert list(found) == [queue for queue in QUEUES if queue in found], "in the order of asking"
    return set(found)


def test_an_idle_worker_takes_all() -> None:
    """Everything is let in, hints that nobody here can serve too, one at a time: they are put back."""
    assert let_in() == set(QUEUES)
    assert let_in({"t": "rocm"}) == set(QUEUES) - {"rocm"}


def test_one_kind_does_not_block_another() -> None:
    """While the CPU is busy, hints for GPUs and browsers are taken, and the other way round."""
    assert let_in({"t": "cpu"}) == set(QUEUES) - {"cpu"}
    assert let_in({"a": "cuda", "b": "cuda"}) == {"cpu", "webgpu", "rocm"}


def test_the_slots_that_are_known_count() -> None:
    """A job on the only device that satisfies a queue shuts it, one on another does not."""
    assert "cuda[uuid=g1]" in let_in({"t": "cuda"}, {"t": (1,)})
    assert "cuda[uuid=g1]" not in let_in({"t": "cuda"}, {"t": (2,)})
    assert "cuda[uuid=g1]" not in let_in({"t": "cuda"}, {"t": (2,), "gone": (1,)})
    assert "cuda" in let_in({"t": "cuda"}, {"t": (2,), "gone": (1,)}), "who has ended holds nothing"


def test_two_devices_have_their_turn() -> None:
    """A queue of two devices is let in as soon as one is free, and shuts the others until it has both."""
    assert "cuda[devices=2]" in let_in({"t": "cuda"})
    assert let_in({"t": "cuda", "u": "cuda[devices=2]"}, {"t": (1,)}) == {"cpu", "webgpu", "rocm"}


def test_what_is_held_takes_nothing() -> None:
    """Queues whose slots are held are shut, also where only too few are left; the others go on."""
    assert let_in(held=(1,)) == set(QUEUES) - {"cuda[devices=2]"}
    assert let_in(held=(2,)) == set(QUEUES) - {"cuda[devices=2]", "cuda[uuid=g1]"}
    assert let_in({"t": "cuda"}, {"t": (1,)}, held=(2,)) == {"cpu", "webgpu", "rocm"}
    assert let_in({"t": "webgpu"}, held=(1, 2, 3)) == {"cpu", "rocm"}
