import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from dtf.domain.outcome import Outcome
from dtf.execution.host.lost import HostDiedError, HostSilentError, OrderCancelledError
from dtf.execution.host.messages import Order
from dtf.execution.host.process import HostProcess
from tests.integration.pytest_executor.spawner import PlainSpawner

_HOST = """
import asyncio, os, sys, time
from dtf.domain.errors import BadInputError
from dtf.domain.outcome import Outcome
from dtf.domain.shard import Metric
from dtf.execution.host.messages import Report
from dtf.execution.host.serve import serve, serve_async

def handle(order):
    word = order.arguments.get("word", "")
    if order.do == "exit":
        print("this is what it said last", flush=True)
        os._exit(7)
    if order.do == "bad":
        raise BadInputError("no such model")
    if order.do == "raise":
        raise ValueError("broken")
    if order.do == "hang":
        time.sleep(600)
    metrics = (Metric(name="pid", value=os.getpid(), unit=""),)
    return Report(number=order.number, outcome=Outcome.PASSED, metrics=metrics, data={"word": word})

async def handle_async(order):
    if order.do == "sleep":
        await asyncio.sleep(600)
    return handle(order)

if sys.argv[1] == "async":
    asyncio.run(serve_async(int(sys.argv[3]), handle_async))
else:
    serve(int(sys.argv[3]), handle)
"""


@asynccontextmanager
async def a_host(tmp_path: Path, form: str) -> AsyncIterator[HostProcess]:
    """A host that ends with the block, and is gone then."""
    program = tmp_path / "host.py"
    program.write_text(_HOST)
    host = await HostProcess.start(
        (sys.executable, str(program), form),
        cwd=tmp_path,
        environment=dict(os.environ),
        spawner=PlainSpawner(),
        slot=0,
    )
    try:
        yield host
    finally:
        await host.close()
    assert not psutil.pid_exists(host.pid)


def order(do: str, limit_s: float = 60.0, **arguments: object) -> Order:
    """An order."""
    return Order(number=0, do=do, arguments=arguments, time_limit_s=limit_s)


def in_host(tmp_path: Path, form: str, work: Callable[[HostProcess], Awaitable[None]]) -> None:
    """Do something with a host."""

    async def go() -> None:
        async with a_host(tmp_path, form) as host:
            await work(host)

    asyncio.run(go())


@pytest.mark.parametrize("form", ["plain", "async"])
def test_orders_are_answered_by_the_same_process(tmp_path: Path, form: str) -> None:
    """A host answers one order after the other; what an order raises is an answer too, and ends nothing."""

    async def work(host: HostProcess) -> None:
        reports = [await host.ask(order("echo", word=word)) for word in ("one", "x" * 3_000_000)]
        assert [len(str(report.data["word"])) for report in reports] == [3, 3_000_000]
        assert {report.metrics[0].value for report in reports} == {host.pid}
        bad = await host.ask(order("bad"))
        assert (bad.outcome, bad.reason, bad.healthy) == (Outcome.ERROR, "no such model", True)
        broken = await host.ask(order("raise"))
        assert broken.outcome is Outcome.INFRA
        assert "ValueError: broken" in broken.reason
        assert not broken.healthy
        assert "Traceback" in host.printed()
        assert host.alive
        assert host.answered == 4

    in_host(tmp_path, form, work)


def test_a_host_that_dies_says_how(tmp_path: Path) -> None:
    """An order whose host ends is an error with its status and its last words."""

    async def work(host: HostProcess) -> None:
        with pytest.raises(HostDiedError, match="with status 7") as told:
            await host.ask(order("exit"))
        assert told.value.printed == "this is what it said last"
        assert not host.alive

    in_host(tmp_path, "plain", work)


def test_a_host_gives_up_at_its_limit(tmp_path: Path) -> None:
    """A host on a loop answers TIMEOUT by itself, and says that it is of no more use."""

    async def work(host: HostProcess) -> None:
        report = await host.ask(order("sleep", limit_s=0.2))
        assert report.outcome is Outcome.TIMEOUT
        assert "0.2 s" in report.reason
        assert not report.healthy

    in_host(tmp_path, "async", work)


def test_a_silent_host_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that does not answer is killed when the order's limit and the patience are over."""
    monkeypatch.setattr("dtf.execution.host.process.PATIENCE_S", 0.2)

    async def work(host: HostProcess) -> None:
        with pytest.raises(HostSilentError, match="'hang'"):
            await host.ask(order("hang", limit_s=0.2))
        assert not host.alive

    in_host(tmp_path, "plain", work)


def test_a_cancelled_order_ends_the_host(tmp_path: Path) -> None:
    """An order that is called off does not go on."""

    async def work(host: HostProcess) -> None:
        cancelled = asyncio.Event()
        asyncio.get_running_loop().call_later(0.3, cancelled.set)
        with pytest.raises(OrderCancelledError):
            await host.ask(order("hang"), cancelled=cancelled)
        assert not host.alive

    in_host(tmp_path, "plain", work)
