import asyncio
from collections.abc import Callable

from dtf.domain.worker import Device, WorkerInfo
from dtf.execution.device_watch.reading import Reading
from dtf.execution.guardian.device_figures import DeviceFigures


class Scripted:
    """Answers what it was told to, in turn, or raises it; then it never answers again."""

    asked: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, *answers: Reading | Exception | None) -> None:
        self.answers = list(answers)
        self.done = asyncio.Event()

    async def read(self) -> Reading | None:
        self.asked()
        if not self.answers:
            self.done.set()
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def worker(*devices: Device) -> WorkerInfo:
    """A worker with some devices."""
    return WorkerInfo(
        worker_id="w", name="w", host="h", fingerprint="f", pid=1, queues=("cuda",), slots=1, devices=devices
    )


def test_figures_of_its_own_devices() -> None:
    """Of what was seen the worker's own GPUs count; while they cannot be seen there are no figures."""

    async def scene() -> None:
        seen = Reading(figures={"GPU-a": {"memory_used_bytes": 5.0}, "GPU-of-another": {"memory_used_bytes": 6.0}})
        monitor = Scripted(RuntimeError("no driver"), seen, None, seen)
        figures = DeviceFigures(worker(Device(kind="cuda", name="g", uuid="GPU-a")), monitor)
        told: list[dict[str, dict[str, float]]] = []
        monitor.asked = lambda: told.append(figures.latest)
        looking = asyncio.create_task(figures.look_continually(0.0))
        await monitor.done.wait()
        looking.cancel()
        own = {"GPU-a": {"memory_used_bytes": 5.0}}
        assert told == [{}, {}, own, {}, own]

    asyncio.run(asyncio.wait_for(scene(), 10))


def test_a_worker_without_gpus_looks_at_none() -> None:
    """A CPU or a simulated GPU is not looked at, so no process is started for it."""

    async def scene() -> None:
        devices = (Device(kind="cpu", name="c", uuid="f"), Device(kind="cuda", name="g", uuid="s", simulated=True))
        await DeviceFigures(worker(*devices), Scripted()).look_continually(0.0)

    asyncio.run(asyncio.wait_for(scene(), 10))
