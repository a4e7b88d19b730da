from dataclasses import replace

from dtf.domain.slot import Slot
from dtf.domain.worker import Device, WorkerInfo
from dtf.scheduling.allotment import Allotment


def lab(*memories: int, shares: int = 1, kinds: tuple[str, ...] = ()) -> WorkerInfo:
    """A worker with a GPU for each memory, in GB, and one CPU slot after them."""
    kinds = kinds or ("cuda",) * len(memories)
    devices = tuple(
        Device(kind=kind, name="g", uuid=f"G{number}", details={"memory_bytes": memory * 10**9})
        for number, (memory, kind) in enumerate(zip(memories, kinds, strict=True))
    )
    slots = [Slot(number=0, tags=(device.kind, "gpu"), devices=(device.uuid,)) for device in devices] * shares
    slots.append(Slot(number=0, tags=("cpu",), devices=("host",)))
    table = tuple(
        Slot(number=number, tags=slot.tags, devices=slot.devices, memory_bytes=slot.memory_bytes)
        for number, slot in enumerate(slots)
    )
    return WorkerInfo(
        worker_id="w",
        name="w",
        host="lab",
        fingerprint="host",
        pid=1,
        queues=("cpu", "cuda", "gpu"),
        slots=len(table),
        devices=(*devices, Device(kind="cpu", name="c", uuid="host")),
        slot_table=table,
    )


def given(allotment: Allotment, line: list[str], free: set[int]) -> tuple[dict[int, list[int]], set[int]]:
    """Numbers of the slots by place in the line, and what is left."""
    found = allotment.allot(line, free)
    return {place: [slot.number for slot in slots] for place, slots in found.grants.items()}, set(found.left)


def test_first_come_first_served() -> None:
    """The lowest slot goes to the first in line, and who can use none of the free ones holds nobody up."""
    allotment = Allotment(lab(24, 24))
    assert given(allotment, ["cuda", "cpu", "gpu", "cuda"], {0, 1}) == ({0: [0], 2: [1]}, set())
    assert given(allotment, ["cuda", "rocm", "cpu"], {2}) == ({2: [2]}, set())


def test_two_devices_or_none() -> None:
    """Who needs two devices gets both at once, and keeps back a single one from those behind, not from those ahead."""
    allotment = Allotment(lab(24, 24, 24))
    two = "cuda[devices=2]"
    assert given(allotment, [two, "cuda"], {0, 1, 2}) == ({0: [0, 1], 1: [2]}, set())
    assert given(allotment, [two, "cuda", "cpu"], {1, 3}) == ({2: [3]}, set())
    assert given(allotment, ["cuda", two], {1}) == ({0: [1]}, set())
    assert given(allotment, [two, two], {0, 1, 2}) == ({0: [0, 1]}, set()), "the third is kept for the second"


def test_never_two_shares_of_one_device() -> None:
    """Two devices are two devices, however many shares of one are free."""
    allotment = Allotment(lab(24, 24, shares=2))
    assert given(allotment, ["cuda[devices=2]"], {0, 2}) == ({}, {2})
    assert given(allotment, ["cuda[devices=2]"], {0, 2, 3})[0] == {0: [0, 3]}
    assert allotment.fitting("cuda[devices=3]") == ()


def test_devices_of_one_kind() -> None:
    """Several GPUs are of one vendor, and one of a kind that has too few keeps nothing back."""
    allotment = Allotment(lab(24, 24, 24, kinds=("rocm", "cuda", "cuda")))
    assert given(allotment, ["gpu[devices=2]"], {0, 1}) == ({}, {0})
    assert given(allotment, ["gpu[devices=2]"], {0, 1, 2}) == ({0: [1, 2]}, {0})


def test_what_others_need_is_given_last() -> None:
    """A job that could run anywhere leaves the only large device to the queue that needs it, as long as it can."""
    allotment = Allotment(lab(80, 24, 24))
    assert given(allotment, ["cuda"], {0, 1, 2})[0] == {0: [0]}
    allotment.know(["cuda", "cuda[vram_gb>=40]"])
    assert given(allotment, ["cuda", "cuda", "cuda[vram_gb>=40]"], {0, 1, 2})[0] == {0: [1], 1: [2], 2: [0]}
    assert given(allotment, ["cuda"], {0})[0] == {0: [0]}


def test_who_is_let_in() -> None:
    """A queue is let in while a slot is left that it could use, even if it needs more of them."""
    allotment = Allotment(lab(24, 24))
    assert allotment.admits("cuda[devices=2]", {0})
    assert not allotment.admits("cuda[devices=3]", {0, 1})
    assert not allotment.admits("cuda[vram_gb>=40]", {0, 1})
    assert not allotment.admits("cpu", {0, 1})


def test_one_of_a_slots_browsers_is_held() -> None:
    """The slot goes on with the queues for which it has another one, and keeps nothing for those that want just it."""
    browsers = tuple(
        Device(kind=kind, name=name, uuid=f"{kind}-{name}", details={"browser": name})
        for kind, name in (("webgpu", "chromium"), ("webgpu", "firefox"), ("webnn", "chromium"))
    )
    info = lab(24)
    slot = Slot(number=2, tags=("webgpu", "webnn"), devices=tuple(browser.uuid for browser in browsers))
    allotment = Allotment(
        replace(
            info,
            queues=(*info.queues, "webgpu", "webnn"),
            devices=(*info.devices, *browsers),
            slot_table=(*info.slot_table, slot),
        )
    )
    both, one, other = "webgpu", "webgpu[browser=chromium]", "webgpu[browser=firefox]"
    queues = (both, one, other, "webnn", "cuda", "cpu")

    def well() -> list[str]:
        sufficing = [queue for queue in queues if allotment.suffices(queue, ())]
        assert sufficing == [queue for queue in queues if allotment.admits(queue, {0, 1, 2})]
        return sufficing

    assert well() == list(queues)
    allotment.hold_devices(["webgpu-chromium"])
    assert well() == [both, other, "webnn", "cuda", "cpu"]
    assert given(allotment, [one, both], {2})[0] == {1: [2]}
    allotment.hold_devices(["webgpu-chromium", "webgpu-firefox", "G0"])
    assert well() == ["webnn", "cpu"]
    allotment.hold_devices([])
    assert given(allotment, [one, both], {2})[0] == {0: [2]}
