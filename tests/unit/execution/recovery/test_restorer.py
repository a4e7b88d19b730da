import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pytest

from dtf.domain.breaker import Target
from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.failure import FailureType
from dtf.domain.ports.executor import SlotContext
from dtf.domain.ports.recoveries import Recoveries
from dtf.domain.recovery import Recovery, RecoveryAction
from dtf.domain.shard import AttemptResult, ClaimedShard, Requeue
from dtf.domain.slot import Slot
from dtf.domain.specs import JobSpec
from dtf.domain.work import JobKind
from dtf.domain.worker import Device, WorkerInfo
from dtf.execution.recovery import Experience, Patient, Restorer
from dtf.resilience.browser_ladder import SLOT_ACTIONS

T = TypeVar("T")
_GPU = Device(kind="cuda", name="g", uuid="GPU-1")
_TARGET = Target(hardware="cuda", name="GPU-1")


@dataclass
class Executor:
    """Notes which slots it was asked to let go of."""

    kind: JobKind = JobKind.BENCHMARK
    vacated: list[int] = field(default_factory=list)
    broken: bool = False

    async def run(self, shard: ClaimedShard, context: SlotContext) -> AttemptResult:
        raise NotImplementedError

    async def prepare(self, job_id: str, job: JobSpec, context: SlotContext) -> None:
        raise NotImplementedError

    async def end_slot(self, slot: int) -> None:
        raise AssertionError(f"slot {slot} can be vacated, and is not killed by its executor")

    async def vacate(self, slot: int) -> None:
        self.vacated.append(slot)
        if self.broken:
            raise RuntimeError("it does not let go")

    async def close(self) -> None:
        raise NotImplementedError


@dataclass
class Keeper(Executor):
    """Keeps a browser, of which parts can be replaced until it is gone; what helps is given."""

    helps: RecoveryAction | None = None
    gone_after: int = 9
    renewed: list[RecoveryAction] = field(default_factory=list)

    def renewable(self, _slot: int) -> Sequence[RecoveryAction]:
        return () if len(self.renewed) >= self.gone_after else SLOT_ACTIONS[:2]

    async def renew(self, slot: int, action: RecoveryAction, hardware: str) -> str:
        assert (slot, hardware) == (0, "cuda")
        self.renewed.append(action)
        return "" if action is self.helps else "it does not compute"


@dataclass(frozen=True)
class Finding:
    what: str
    reason: str


@dataclass
class Worker:
    """Everything around a restorer: slots, probe, quarantine, ledger and the main process."""

    probe: str = ""
    busy: set[int] = field(default_factory=set)
    ledger_is_away: bool = False
    executor: Executor = field(default_factory=Executor)
    asked: list[Device | None] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    held: dict[int, str] = field(default_factory=dict)
    history_: list[Recovery] = field(default_factory=list)
    children_asked: asyncio.Event = field(default_factory=asyncio.Event)

    def occupy(self, numbers: Iterable[int]) -> int | None:
        free = [number for number in numbers if number not in self.busy]
        self.busy.update(free[:1])
        return free[0] if free else None

    def vacate(self, number: int) -> None:
        self.busy.discard(number)

    async def call(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        if self.ledger_is_away:
            raise LedgerUnavailableError
        return function(*arguments, **named)

    async def sing(self, device: Device | None) -> Finding:
        self.asked.append(device)
        return Finding("a small computation", self.probe)

    def hold(self, slot: int, reason: str) -> None:
        self.held[slot] = reason

    async def end_slot(self, slot: int) -> int:
        self.ended.append(slot)
        return 1

    def ask(self) -> None:
        self.children_asked.set()

    def experience(self) -> Experience:
        worker = self

        class History(Recoveries):
            def add(self, recovery: Recovery) -> None:
                worker.history_.append(recovery)

            def history(self, limit: int = 1000) -> Sequence[Recovery]:
                return worker.history_[-limit:]

        return Experience(History(), self, random.Random(1))

    def restorer(self) -> Restorer:
        slots = tuple(Slot(number=n, tags=("cuda",), devices=("GPU-1" if n < 3 else "GPU-2",)) for n in range(4))
        info = WorkerInfo(
            worker_id="w1", name="w", host="h", fingerprint="f", pid=1, queues=("cuda",), slots=4, slot_table=slots
        )
        return Restorer(
            info,
            slots=self,
            executors=lambda: [self.executor],
            ender=self,
            prober=self,
            quarantine=self,
            experience=self.experience(),
            ask_for_children=self.ask,
        )


def _decided(action: RecoveryAction) -> Requeue:
    return Requeue(level=3, reason="it crashed", action=action, failure=FailureType.CRASH)


def _restore(worker: Worker, action: RecoveryAction, *, in_page: bool = False) -> Recovery | None:
    async def run() -> Recovery | None:
        now = asyncio.get_running_loop().time()
        patient = Patient(
            target=_TARGET, slots=(0,), devices=(_GPU,), shard_id="s1", attempt=2, failed_at=now, in_page=in_page
        )
        restorer = worker.restorer()
        found = await restorer.restore(patient, _decided(action))
        if action is RecoveryAction.REPLACE_POOL:
            await worker.children_asked.wait()
        await restorer.close()
        return found

    return _run(run())


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(work, 20.0))


def test_a_restart_ends_what_the_slot_keeps_and_is_verified() -> None:
    """The slot's components are ended, its device is asked, and what came of it is in the history."""
    worker = Worker()
    found = _restore(worker, RecoveryAction.RESTART_PROCESS)
    assert found is not None
    assert (worker.executor.vacated, worker.ended, worker.asked) == ([0], [0], [_GPU])
    assert (found.succeeded, found.target, found.failure, found.attempt) == (True, _TARGET, FailureType.CRASH, 2)
    assert worker.history_ == [found]
    assert worker.held == {}


def test_what_does_not_pass_its_probe_is_no_recovery() -> None:
    """The slot is held, and the history says that it failed: nothing is taken for recovered that does not work."""
    worker = Worker(probe="it computes wrongly")
    found = _restore(worker, RecoveryAction.RESTART_PROCESS)
    assert found is not None
    assert not found.succeeded
    assert "it computes wrongly" in found.reason
    assert list(worker.held) == [0]


def test_an_executor_that_does_not_let_go_does_not_stop_the_restart() -> None:
    """Its processes are killed all the same."""
    worker = Worker(executor=Executor(broken=True))
    found = _restore(worker, RecoveryAction.RESTART_BROWSER)
    assert found is not None
    assert found.succeeded
    assert worker.ended == [0]


@pytest.mark.parametrize(
    ("keeper", "tried"),
    [
        (Keeper(helps=SLOT_ACTIONS[0]), SLOT_ACTIONS[:1]),
        (Keeper(helps=SLOT_ACTIONS[1]), SLOT_ACTIONS[:2]),
        (Keeper(), SLOT_ACTIONS),
        (Keeper(gone_after=1), (SLOT_ACTIONS[0], SLOT_ACTIONS[2])),
        (Keeper(gone_after=0), SLOT_ACTIONS[2:]),
    ],
)
def test_of_a_browser_more_and_more_is_replaced(keeper: Keeper, tried: Sequence[RecoveryAction]) -> None:
    """Until it computes; each try is remembered, and of what is gone no part is replaced. A canary hears the last."""
    worker = Worker(executor=keeper)
    found = _restore(worker, SLOT_ACTIONS[0], in_page=True)
    assert found is not None
    assert [recovery.action for recovery in worker.history_] == list(tried)
    assert [recovery.succeeded for recovery in worker.history_] == [False] * (len(tried) - 1) + [True]
    assert found == worker.history_[-1]
    last = SLOT_ACTIONS[2] in tried
    assert (worker.ended, worker.asked) == (([0], [_GPU]) if last else ([], []))
    assert worker.held == {}


def test_a_browser_that_nothing_helps_is_held() -> None:
    """After the last part was replaced in vain, and not before."""
    worker = Worker(executor=Keeper(), probe="it computes wrongly")
    found = _restore(worker, SLOT_ACTIONS[1], in_page=True)
    assert found is not None
    assert [(one.action, one.succeeded) for one in worker.history_] == [(one, False) for one in SLOT_ACTIONS[1:]]
    assert "after restart_driver" in worker.held[0]


def test_a_device_is_reset_on_the_idle_slots_that_share_it() -> None:
    """What runs on another slot of the device is not touched, and other devices are not either."""
    worker = Worker(busy={0, 1})
    _restore(worker, RecoveryAction.RESET_DEVICE)
    assert worker.ended == [0, 2]
    assert worker.busy == {0, 1}


@pytest.mark.parametrize(
    ("action", "busy", "impact"),
    [
        (RecoveryAction.RESTART_PROCESS, set[int](), 0),
        (RecoveryAction.RESET_DEVICE, {0}, 2),
        (RecoveryAction.RESET_DEVICE, {0, 1}, 1),
        (RecoveryAction.REPLACE_POOL, set[int](), 3),
    ],
)
def test_the_history_has_the_slots_that_a_recovery_took_from_others(
    action: RecoveryAction, busy: set[int], impact: int
) -> None:
    """The idle ones that share the device, or the rest of the pool; one that runs something is not counted."""
    worker = Worker(busy=busy)
    found = _restore(worker, action)
    assert found is not None
    assert (found.impact, worker.history_[-1].impact) == (impact, impact)


def test_one_pool_is_replaced_once_for_two_that_fail_on_it() -> None:
    """The second takes no slot that the first does not take already."""

    async def run() -> list[int]:
        restorer = Worker().restorer()
        patients = [
            Patient(target=_TARGET, slots=(n,), devices=(_GPU,), shard_id="s", attempt=1, failed_at=0.0) for n in (0, 1)
        ]
        decided = _decided(RecoveryAction.REPLACE_POOL)
        found = [await restorer.restore(patient, decided) for patient in patients]
        await restorer.close()
        return [one.impact for one in found if one]

    assert _run(run()) == [3, 0]


def test_a_quarantine_holds_the_slot_whatever_the_probe_says() -> None:
    """Only the breaker's canaries bring it back."""
    worker = Worker()
    found = _restore(worker, RecoveryAction.QUARANTINE)
    assert found is not None
    assert found.succeeded
    assert worker.held == {0: "it crashed"}


def test_a_pool_is_replaced_slot_by_slot_and_the_main_process_is_asked_last() -> None:
    """Every slot is new at the end, none was taken while it was busy, and the worker gets new children."""
    worker = Worker()
    _restore(worker, RecoveryAction.REPLACE_POOL)
    assert sorted(worker.ended) == [0, 1, 2, 3]
    assert worker.ended[0] == 0
    assert worker.busy == set()
    assert worker.children_asked.is_set()


@pytest.mark.parametrize("action", [RecoveryAction.RETRY, RecoveryAction.OTHER_WORKER, RecoveryAction.FAIL_OVER])
def test_what_is_not_the_guardians_is_left_alone(action: RecoveryAction) -> None:
    """Retries are the ledger's to carry out, and a failover the coordinator's."""
    worker = Worker()
    assert _restore(worker, action) is None
    assert (worker.ended, worker.asked, worker.history_) == ([], [], [])


def test_a_ledger_that_is_away_stops_no_recovery() -> None:
    """The restart is done and verified; only the piece of experience is lost."""
    worker = Worker(ledger_is_away=True)
    found = _restore(worker, RecoveryAction.RESTART_PROCESS)
    assert found is not None
    assert found.succeeded
    assert worker.history_ == []


def test_experience_is_the_ledgers_history_by_hardware() -> None:
    """With enough of it the choice leaves the fixed order on that hardware, and only there."""
    worker = Worker()
    retry = Recovery(
        target=_TARGET, failure=FailureType.CRASH, action=RecoveryAction.RETRY, succeeded=False, time_s=30.0, attempt=1
    )
    restart = replace(retry, action=RecoveryAction.RESTART_PROCESS, succeeded=True, time_s=1.0)
    worker.history_ = [retry, restart] * 30
    offered = (RecoveryAction.RETRY, RecoveryAction.RESTART_PROCESS)

    async def run() -> tuple[RecoveryAction, RecoveryAction, float]:
        experience = worker.experience()
        before = experience.chooser("cuda")(FailureType.CRASH, offered, 0)
        assert before is RecoveryAction.RETRY
        await experience.refresh()
        limit = experience.limit_s(RecoveryAction.RESTART_PROCESS)
        elsewhere = experience.chooser("cpu")(FailureType.CRASH, offered, 0)
        return experience.chooser("cuda")(FailureType.CRASH, offered, 0), elsewhere, limit

    there, elsewhere, limit = _run(run())
    assert there is RecoveryAction.RESTART_PROCESS
    assert elsewhere is RecoveryAction.RETRY
    assert limit == 10.0
