"""What is done about a failure in a slot's browser, and what the ledger remembers of it."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dtf.cli.main import run
from dtf.domain.breaker import Target
from dtf.domain.failure import FailureType
from dtf.domain.outcome import Outcome
from dtf.domain.recovery import Recovery, RecoveryAction
from dtf.domain.shard import AttemptResult, Requeue
from dtf.domain.slot import Slot
from dtf.domain.worker import WorkerInfo
from dtf.execution.canary import Canary
from dtf.execution.guardian.database import Database
from dtf.execution.recovery import Experience, Patient, Restorer
from dtf.resilience.recovery import Circumstances, decide
from dtf.storage.ledger import open_ledger
from dtf.storage.migrate import migrate
from tests.integration.browsers.bench import Bench, a_bench
from tests.support.browsers import need_browser

_TARGET = Target(hardware="webgpu", name="webgpu-headless-shell-test")
_IN_PAGE = Circumstances(hardware="webgpu", in_page=True)


class Place:
    """The guardian around the slot's browser; its ledger is real."""

    def __init__(self, bench: Bench, directory: Path) -> None:
        url = f"sqlite:///{directory / 'ledger.db'}"
        migrate(url)
        self.ledger = open_ledger(url)
        self.held: dict[int, str] = {}
        self.experience = Experience(self.ledger.recoveries, Database(), random.Random(3))
        self._bench = bench
        info = WorkerInfo(
            worker_id="w1", name="w", host="h", fingerprint="f", pid=1, queues=("webgpu",), slots=1,
            slot_table=(Slot(number=0, tags=("webgpu",), devices=(_TARGET.name,)),),
        )  # fmt: skip
        self._device = bench.context().devices[0]
        self._restorer = Restorer(
            info,
            slots=self,
            executors=lambda: (bench.executor,),
            ender=self,
            prober=Canary(bench.spawner, scratch=directory, environment=bench.context().environment),
            quarantine=self,
            experience=self.experience,
            ask_for_children=lambda: None,
        )

    def occupy(self, numbers: Iterable[int]) -> int | None:
        return min(numbers, default=None)

    def vacate(self, number: int) -> None: ...

    def hold(self, slot: int, reason: str) -> None:
        self.held[slot] = reason

    async def end_slot(self, _slot: int) -> int:
        return 0

    async def broken_by(self, injected: str) -> AttemptResult:
        """What a job came to that met a failure."""
        context = self._bench.context()
        context.inject = injected
        return await self._bench.executor.run(self._bench.shard(), context)

    async def restore(self, result: AttemptResult, failures: int) -> RecoveryAction:
        """Decide about it by the history, and do that; what was begun with."""
        decided = decide(
            result,
            crashes=failures,
            max_retries=9,
            circumstances=_IN_PAGE,
            choose=self.experience.chooser("webgpu"),
        )
        assert isinstance(decided, Requeue)
        now = asyncio.get_running_loop().time()
        patient = Patient(
            target=_TARGET, slots=(0,), devices=(self._device,), shard_id="s1", attempt=1, failed_at=now, in_page=True
        )
        await self._restorer.restore(patient, decided)
        return decided.action

    def rows(self) -> list[tuple[RecoveryAction, bool]]:
        """What the ledger has."""
        return [(one.action, one.succeeded) for one in self.ledger.recoveries.history()]


def at_place(tmp_path: Path, work: Callable[[Bench, Place], Awaitable[None]]) -> None:
    """Do something with a slot's browser and the guardian around it."""

    async def go() -> None:
        async with a_bench(tmp_path, need_browser("headless-shell")) as bench:
            place = Place(bench, tmp_path)
            try:
                await work(bench, place)
            finally:
                place.ledger.close()

    asyncio.run(go())


def test_more_and_more_of_a_slots_browser_is_replaced_until_it_computes(tmp_path: Path) -> None:
    """A crashed page costs a context, a dead browser another browser by the same driver; each try is a row."""

    async def work(bench: Bench, place: Place) -> None:
        page = await place.broken_by("crash moderate")
        assert (page.outcome, page.reason) == (Outcome.INFRA, "the renderer of the page crashed")
        assert await place.restore(page, failures=2) is RecoveryAction.NEW_CONTEXT
        assert place.rows() == [(RecoveryAction.NEW_CONTEXT, True)]
        whole = await place.broken_by("crash severe")
        assert (whole.outcome, whole.reason) == (Outcome.INFRA, "the browser crashed")
        await place.restore(whole, failures=2)
        assert place.rows()[1:] == [(RecoveryAction.RESTART_BROWSER, True)], "what ended has no contexts"
        after = await bench.run()
        assert (after.outcome, after.proof["browser_launched"]) == (Outcome.PASSED, "no"), after.reason
        assert bench.executor.pool.figures.launches == 1, "the host with its driver is the same"
        lost = await place.broken_by("connection_failure severe")
        assert lost.outcome is Outcome.INFRA
        await place.restore(lost, failures=2)
        assert place.rows()[-1] == (RecoveryAction.RESTART_DRIVER, True)
        history = place.ledger.recoveries.history()
        assert {one.target for one in history} == {_TARGET}
        assert all(one.time_s > 0 and one.resource_s > 0 and one.reason for one in history)
        assert place.held == {}
        import sys

        sys.stderr.write(str([(o.action.value, o.succeeded, round(o.time_s, 2), o.reason) for o in history]))

    at_place(tmp_path, work)


@contextmanager
def _ledger_of(directory: Path) -> Iterator[list[Recovery]]:
    ledger = open_ledger(f"sqlite:///{directory / 'ledger.sqlite3'}")
    try:
        yield list(ledger.recoveries.history())
    finally:
        ledger.close()


def test_the_command_remembers_what_helped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`dtf inject --remember`: the action is a row, and none is tried that cannot help against a crash."""
    need_browser("headless-shell")
    monkeypatch.setenv("DTF_STATE_DIR", str(tmp_path))
    assert run(["inject", "crash", "moderate", "--browser", "headless-shell", "--remember", "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)["injections"]
    assert (record["recovered_by"], record["did_not_help"], record["wrong"]) == ("new_page", [], [])
    with _ledger_of(tmp_path) as (row,):
        assert (row.action, row.succeeded, row.failure) == (RecoveryAction.NEW_PAGE, True, FailureType.CRASH)
        assert (row.target.hardware, row.attempt) == ("headless-shell", 1)
        assert row.time_s > 0
