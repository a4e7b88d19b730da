from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from dtf.cli.running.outlook import Outlook
from dtf.domain.ports.views import ShardView, WorkerView
from dtf.domain.shard import ShardState
from tests.support.fake_clock import FakeClock
from tests.unit.analysis.test_why import NOW, SHARD, _job
from tests.unit.analysis.test_why_requirements import T4, info, view
from tests.unit.cli.test_watch import RUNNING

if TYPE_CHECKING:
    from dtf.domain.ports.views import Views

IDLE = replace(RUNNING, shards={"queued": 1, "finished": 1})
RARE = replace(SHARD, queue="cuda[vram_gb>=80]")


def outlook(clock: FakeClock, workers: Sequence[WorkerView], *shards: ShardView) -> Outlook:
    """Of a run with one job that has begun."""
    views = SimpleNamespace(
        jobs=lambda _run: [replace(_job(), started_at=NOW)],
        shards=lambda _job: shards,
        workers=lambda: workers,
        now=lambda: NOW,
    )
    return Outlook(cast("Views", views), clock)


def after(clock: FakeClock, found: Outlook, seconds: float) -> str:
    """What it says when nothing of the run has run for so long."""
    assert found.hopeless(IDLE) == ""
    clock.advance(seconds)
    return found.hopeless(IDLE)


def test_what_no_worker_satisfies_is_given_up_after_half_a_minute() -> None:
    """Not before, and the reason says what is missing."""
    clock = FakeClock()
    found = outlook(clock, [view(info(T4))], RARE)
    assert after(clock, found, 29) == ""
    clock.advance(2)
    assert found.hopeless(IDLE).startswith("no capacity: no worker satisfies vram_gb>=80: cuda devices here have 16.1")


def test_what_can_run_later_is_waited_for() -> None:
    """Where something runs, where a part waits for its turn, and where its worker has not registered."""
    clock = FakeClock()
    assert after(clock, outlook(clock, [view(info(T4))], RARE, SHARD), 99) == ""
    assert after(clock, outlook(clock, [], RARE), 99) == ""
    assert after(clock, outlook(clock, [view(info(T4))], replace(RARE, state=ShardState.CLAIMED)), 99) == ""
    found = outlook(clock, [view(info(T4))], RARE)
    assert after(clock, found, 29) == ""
    assert found.hopeless(replace(IDLE, shards={"claimed": 1, "queued": 1})) == ""
    clock.advance(29)
    assert found.hopeless(IDLE) == ""


def test_a_worker_that_has_not_registered_is_starting() -> None:
    """A browser's is asking browsers meanwhile."""
    clock = FakeClock()
    browser = replace(SHARD, queue="webgpu[browser=firefox]")
    told = "the worker of webgpu is starting (it asks the browsers what they have)"
    assert outlook(clock, [view(info(T4))], browser).starting(IDLE) == told
    assert outlook(clock, [view(info(T4))], SHARD).starting(IDLE) == ""
