import asyncio

from dtf.domain.ports.executor import SlotContext
from dtf.domain.shard import AttemptResult, ClaimedShard
from dtf.domain.specs import JobSpec
from dtf.domain.work import JobKind
from dtf.execution.guardian.tenancy import Tenancy


class Plain:
    """An executor that keeps nothing."""

    kind = JobKind.COMMAND

    async def run(self, shard: ClaimedShard, context: SlotContext) -> AttemptResult:
        raise NotImplementedError

    async def prepare(self, job_id: str, job: JobSpec, context: SlotContext) -> None:
        raise NotImplementedError

    async def end_slot(self, slot: int) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError


class Keeper(Plain):
    """An executor that keeps something on each slot, and notes what it let go of."""

    kind = JobKind.PYTEST

    def __init__(self) -> None:
        self.left: list[int] = []

    async def vacate(self, slot: int) -> None:
        self.left.append(slot)
        if slot == 9:
            raise RuntimeError("it clings")


def test_who_has_to_go() -> None:
    """Other executors leave a slot; what was kept for several devices leaves when one of them is given away."""

    async def scene() -> None:
        suites, models, command = Keeper(), Keeper(), Plain()
        tenancy = Tenancy(lambda: (suites, models, command))
        await tenancy.move_in((3,), suites)
        assert (suites.left, models.left) == ([], [3]), "its own is its own matter"
        await tenancy.move_in((3,), command)
        assert (suites.left, models.left) == ([3], [3, 3])
        suites.left.clear()
        await tenancy.move_in((0, 1), suites)
        await tenancy.move_in((0, 1), suites)
        assert suites.left == []
        await asyncio.gather(tenancy.move_in((1,), suites), tenancy.move_in((0,), suites))
        assert suites.left == [0], "once, before either of them begins"

    asyncio.run(scene())


def test_one_that_clings_holds_up_nobody() -> None:
    """An executor that fails to let go is logged, and the shard runs."""

    async def scene() -> None:
        suites, command = Keeper(), Plain()
        await Tenancy(lambda: (suites, command)).move_in((9,), command)
        assert suites.left == [9]

    asyncio.run(scene())
