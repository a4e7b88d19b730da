from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from dtf.cli.running.stay import HELPLESS_S, MOST_RETURNS, Stay
from dtf.domain.errors import ClusterError
from dtf.domain.worker import WorkerState
from tests.support.fake_clock import FakeClock
from tests.unit.cli.test_watch import RUNNING, FakeProgress

if TYPE_CHECKING:
    from dtf.cli.running.host import Host


class FakeMembership:
    """A membership whose cluster is what the test says."""

    def __init__(self, trouble: str = "", *, gone: bool = False) -> None:
        self.attached: list[str] = []
        self._trouble = trouble
        self._gone = gone

    def trouble(self) -> str:
        return self._trouble

    def status(self) -> dict[str, object]:
        if self._gone:
            raise ClusterError("gone")
        return {}

    def attach(self, run_id: str) -> None:
        self.attached.append(run_id)


class FakeHost:
    """A host whose next memberships are prepared."""

    def __init__(self, *memberships: FakeMembership | Exception, workers: tuple[WorkerState, ...] = ()) -> None:
        self._next = list(memberships)
        self.left = 0
        found = [SimpleNamespace(state=state) for state in workers]
        self.ledger = SimpleNamespace(views=SimpleNamespace(workers=lambda: found))
        self.membership = self.join()

    def join(self) -> FakeMembership:
        found = self._next.pop(0) if len(self._next) > 1 else self._next[0]
        if isinstance(found, Exception):
            raise found
        return found

    def leave(self) -> None:
        self.left += 1


@pytest.fixture
def clock() -> FakeClock:
    """Stands until it is moved."""
    return FakeClock()


def stay(host: FakeHost, clock: FakeClock) -> Stay:
    """A stay with a run that ends with the command."""
    return Stay(cast("Host", host), run_id="r1", clock=clock)


def test_a_cluster_without_trouble_is_left_alone(clock: FakeClock) -> None:
    """Nothing is said and nothing is started."""
    host, progress = FakeHost(FakeMembership()), FakeProgress()
    assert stay(host, clock).tend(RUNNING, progress) == ""
    assert (host.left, progress.notes) == (0, [])


def test_a_killed_supervisor_is_replaced_and_the_run_tied_to_the_command_again(clock: FakeClock) -> None:
    """The run goes on in the next cluster, and still ends with its command."""
    after = FakeMembership()
    host, progress = FakeHost(FakeMembership("the supervisor is gone", gone=True), after), FakeProgress()
    assert stay(host, clock).tend(RUNNING, progress) == ""
    assert host.membership is after
    assert after.attached == ["r1"]
    assert "starting it again" in progress.notes[0]


def test_a_cluster_that_never_stays_up_is_given_up(clock: FakeClock) -> None:
    """A broken machine does not keep the command for ever."""
    host = FakeHost(FakeMembership("gone", gone=True))
    tended = stay(host, clock)
    reasons = []
    for _ in range(MOST_RETURNS + 1):
        reasons.append(tended.tend(RUNNING, FakeProgress()))
        clock.advance(2.0)
    assert reasons[:-1] == [""] * MOST_RETURNS
    assert "broke down" in reasons[-1]


def test_workers_that_were_given_up_end_the_waiting_when_nothing_runs(clock: FakeClock) -> None:
    """A worker that cannot start leaves a run that nobody will take."""
    host, progress = FakeHost(FakeMembership("cpu-1 died too often"), workers=(WorkerState.OFFLINE,)), FakeProgress()
    tended = stay(host, clock)
    assert tended.tend(RUNNING, progress) == ""
    clock.advance(HELPLESS_S + 1)
    assert tended.tend(RUNNING, progress) == "no worker is left: cpu-1 died too often"
    assert progress.notes == ["cpu-1 died too often"]


@pytest.mark.parametrize(("workers", "claimed"), [((WorkerState.ONLINE,), 0), ((WorkerState.OFFLINE,), 1)])
def test_trouble_with_one_worker_ends_nothing_while_others_work(
    clock: FakeClock, workers: tuple[WorkerState, ...], claimed: int
) -> None:
    """It is told once, and the run goes on."""
    host, progress = FakeHost(FakeMembership("cpu-1 died too often"), workers=workers), FakeProgress()
    tended = stay(host, clock)
    for _ in range(50):
        assert tended.tend(replace(RUNNING, shards={"claimed": claimed}), progress) == ""
        clock.advance(2.0)
    assert len(progress.notes) == 1
