"""A browser job under a failure whose host tells nothing of it any more."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from dtf.domain.breaker import Sign
from dtf.domain.outcome import Outcome
from dtf.domain.ports.executor import Exit, Process, SlotContext, Spawner
from dtf.domain.proof import INJECTED, INJECTED_CLEARED, INJECTED_SEEN
from dtf.domain.shard import AttemptResult, ClaimedShard, ShardKind
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import JobSpec
from dtf.domain.work import BrowserCheck, BrowserWork
from dtf.domain.worker import Device
from dtf.execution.browser_host import injected
from dtf.execution.browser_host.driver_watch import END_S, DriverWatch
from dtf.execution.browser_host.host import Host
from dtf.execution.browser_host.injected import InjectedCheck
from dtf.execution.browser_host.limits import INJECTION_S, last_limit_s
from dtf.execution.browser_host.stage import Stage
from dtf.execution.executors.browser import BrowserExecutor
from dtf.execution.executors.browser_pool.opened import BrowserUnavailableError, Opened
from dtf.execution.executors.browser_pool.pool import BrowserPool
from dtf.execution.executors.browser_pool.slot_browser import SlotBrowser
from dtf.execution.host.lost import HostDiedError, HostSilentError, OrderCancelledError
from dtf.execution.host.messages import Order, Report
from dtf.execution.injector.injection import CLEAR_S, Injection
from dtf.resilience.classify import sign_of

T = TypeVar("T")
Answer = Callable[[Order], Awaitable[Report]]

_KILLED = Exit(code=None, signal=9, cpu_s=0.0, max_rss_bytes=0)
_TOLD = {INJECTED: "crash severe", INJECTED_CLEARED: "the browser's host was ended"}


class NoSpawner(Spawner):
    """Starts nothing."""

    async def spawn(self, *_arguments: Any, **_named: Any) -> Process:
        raise NotImplementedError


class Browsers(BrowserPool):
    """One browser, which opens or not, and whose host answers as it is told to."""

    def __init__(self, answer: Exception | Outcome, *, opens: bool = True) -> None:
        super().__init__()
        self.asked: list[Order] = []
        pool = self

        class Browser(SlotBrowser):
            async def open(self, *_arguments: Any, **_named: Any) -> Opened:
                if not opens:
                    raise BrowserUnavailableError("it does not come up")
                return Opened(launched=True, version="1")

            async def ask(self, order: Order, *_arguments: Any) -> Report:
                pool.asked.append(order)
                if isinstance(answer, Exception):
                    raise answer
                return Report(number=order.number, outcome=answer)

        self._browser = Browser(0, self.limits, self.figures, self._clock)

    def of(self, slot: int) -> SlotBrowser:
        assert slot == 0
        return self._browser


def ran(pool: Browsers, place: Path, inject: str = "crash severe") -> AttemptResult:
    """An attempt at a shader that is to meet a failure."""
    source = Source(kind=SourceKind.PATH, location=str(place))
    job = JobSpec(name="wgsl", work=BrowserWork(check=BrowserCheck.WGSL), source=source, timeout_s=10.0)
    shard = ClaimedShard(shard_id="s1", attempt=1, run_id="r1", job_id="j1", job=job, kind=ShardKind.RUN)

    async def nothing() -> None:
        return None

    context = SlotContext(
        worker_id="w1",
        slot=0,
        slots=1,
        workdir=place,
        source_root=place,
        scratch=place,
        artifacts=place,
        environment={},
        spawner=NoSpawner(),
        log=lambda _: None,
        report=lambda _: None,
        follow_on=nothing,
        devices=(Device(kind="webgpu", name="b", uuid="b1", details={"browser": "b", "executable": "/bin/b"}),),
        inject=inject,
    )
    return run(BrowserExecutor(pool).run(shard, context))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do it; nothing here waits for long."""
    return asyncio.run(asyncio.wait_for(work, 20.0))


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (HostSilentError("wgsl", 12.0), Outcome.TIMEOUT),
        (HostDiedError("by SIGKILL", "", _KILLED), Outcome.INFRA),
        (OrderCancelledError(), Outcome.CANCELLED),
        (Outcome.TIMEOUT, Outcome.TIMEOUT),
    ],
)
def test_a_host_that_is_lost_under_a_failure_says_that_there_was_one(
    answer: Exception | Outcome, outcome: Outcome, tmp_path: Path
) -> None:
    """What the job came to is then no sign of the browser's, as nobody saw what it came from."""
    result = ran(Browsers(answer), tmp_path)
    assert result.outcome is outcome
    assert {word: said for word, said in result.proof.items() if word.startswith("injected")} == _TOLD
    assert sign_of(result) is None


def test_a_browser_that_does_not_come_up_met_no_failure(tmp_path: Path) -> None:
    """Nothing was injected, so it is the infrastructure's own; nor is anything said where none was asked for."""
    down = ran(Browsers(Outcome.PASSED, opens=False), tmp_path)
    lost = ran(Browsers(HostDiedError("by SIGKILL", "", _KILLED)), tmp_path, inject="")
    assert [(one.outcome, INJECTED in one.proof) for one in (down, lost)] == [(Outcome.INFRA, False)] * 2
    assert [sign_of(one) for one in (down, lost)] == [Sign.INFRA] * 2


def test_there_is_time_to_take_a_failure_back(tmp_path: Path) -> None:
    """The guardian waits for as long as a check may take that is ended while its failure is being injected."""
    pool = Browsers(Outcome.PASSED)
    ran(pool, tmp_path)
    ran(pool, tmp_path, inject="")
    under, without = pool.asked
    assert last_limit_s(under) + INJECTION_S < under.time_limit_s + under.after_s
    assert under.after_s - without.after_s == INJECTION_S > CLEAR_S


@pytest.mark.parametrize(("inject", "end_s"), [("crash severe", INJECTION_S), ("", END_S)])
def test_a_check_that_is_ended_may_take_its_failure_back(inject: str, end_s: float) -> None:
    """Its host waits for that, however long a check without a failure may take to end."""
    given: list[float] = []

    class Watch(DriverWatch):
        def __init__(self) -> None:
            self.gone = asyncio.Event()

        async def guard(self, work: Coroutine[Any, Any, T], end_s: float = END_S) -> T:
            given.append(end_s)
            return await work

    async def check(_stage: Stage, order: Order) -> Report:
        return Report(number=order.number, outcome=Outcome.PASSED)

    async def bounded() -> Report:
        nothing: Any = None
        host = Host(nothing)
        host._driver = Watch()
        return await host._bounded(nothing, Order(number=1, do="wgsl", arguments={"inject": inject}), check)

    assert run(bounded()).outcome is Outcome.PASSED
    assert given == [end_s]


def test_a_failure_whose_injection_does_not_end_is_called_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not waited for longer than the order allows, was not seen, and its browser is replaced."""
    ended: list[str] = []

    async def inject(*_arguments: Any) -> Injection:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cleared")
        raise AssertionError

    class Page:
        browser = context = page = "one"

    stage: Any = Page()
    stage.context = stage
    monkeypatch.setattr(injected, "inject", inject)
    monkeypatch.setattr(injected, "LOOK_S", 0.01)

    async def never(_stage: Stage, _order: Order) -> Report:
        raise AssertionError

    check = InjectedCheck(never, "b", "timeout mild")

    async def limited() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await check(stage, Order(number=1, do="wgsl"))

    run(limited())
    assert ended == ["cleared"]
    assert (check.proof[INJECTED], INJECTED_SEEN in check.proof, check.cleared) == ("timeout mild", False, False)
