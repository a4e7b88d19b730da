from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from dtf.cli.running.interrupts import Interrupts
from dtf.cli.running.watch import PATIENCE_S, Ending, Watch
from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.outcome import Outcome
from dtf.domain.ports.views import RunView, Views
from tests.support.fake_clock import FakeClock

if TYPE_CHECKING:
    from dtf.domain.ports.submissions import Submissions

RUNNING = RunView(
    run_id="r1",
    name="n",
    created_at=0.0,
    started_at=None,
    finished_at=None,
    outcome=None,
    reason="",
    labels={},
    jobs=1,
    jobs_finished=0,
    attempts=1,
    cases={},
    expected=0,
    running=0,
    running_failed=0,
    shards={},
)
PASSED = replace(RUNNING, outcome=Outcome.PASSED, finished_at=1.0, jobs_finished=1)


class FakeViews:
    """Answers with one state after the other, the last one for ever."""

    def __init__(self, states: list[RunView | Exception]) -> None:
        self._states = states

    def run(self, run_id: str) -> RunView:
        assert run_id == "r1"
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        if isinstance(state, Exception):
            raise state
        return state


class FakeSubmissions:
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        self.touched: list[float] = []
        self.cancelled: list[str] = []

    def touch_run(self, run_id: str, attached_s: float) -> None:
        assert run_id == "r1"
        self.touched.append(attached_s)

    def cancel_run(self, run_id: str, reason: str) -> int:
        assert run_id == "r1"
        self.cancelled.append(reason)
        return 1


class FakeProgress:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.shown = 0

    def show(self, run: RunView) -> None:
        self.shown += run is not None

    def note(self, text: str) -> None:
        self.notes.append(text)

    def close(self) -> None:
        pass


class FakeInterrupts(Interrupts):
    """Time goes on while somebody waits; a signal comes when it is said so."""

    def __init__(self, clock: FakeClock, comes_at: float = float("inf")) -> None:
        super().__init__()
        self._clock = clock
        self._comes_at = comes_at

    def wait(self, seconds: float) -> bool:
        self._clock.advance(seconds)
        if self._clock.monotonic() >= self._comes_at:
            self.name = "Ctrl-C"
            self._came.set()
        return self.pending


class Stage:
    """A watch with everything around it."""

    def __init__(self, states: list[RunView | Exception], comes_at: float = float("inf")) -> None:
        self.clock = FakeClock()
        self.submissions = FakeSubmissions()
        self.progress = FakeProgress()
        start = self.clock.monotonic()
        self.watch = Watch(
            "r1",
            views=cast("Views", FakeViews(states)),
            submissions=cast("Submissions", self.submissions),
            progress=self.progress,
            interrupts=FakeInterrupts(self.clock, start + comes_at),
            clock=self.clock,
            attached_s=15.0,
        )
        self.watch.pause = self._pause

    def _pause(self, seconds: float) -> None:
        self.clock.advance(seconds)


def test_it_ends_with_the_run() -> None:
    """The run's own end needs nothing else."""
    stage = Stage([RUNNING, RUNNING, PASSED])
    watched = stage.watch.until_over()
    assert (watched.ending, watched.run, watched.let_go) == (Ending.FINISHED, PASSED, True)
    assert stage.submissions.cancelled == []


def test_an_attached_run_is_told_every_three_seconds_that_its_command_lives() -> None:
    """Otherwise the coordinator would cancel it."""
    stage = Stage([*[RUNNING] * 100, PASSED])
    stage.watch.until_over()
    assert stage.submissions.touched == [15.0] * 3


def test_an_interrupt_cancels_and_waits_for_the_workers() -> None:
    """Ctrl-C once: the run is called off, and the command stays until it is."""
    stage = Stage([*[RUNNING] * 12, replace(PASSED, outcome=Outcome.CANCELLED)], comes_at=1.0)
    watched = stage.watch.until_over()
    assert watched.ending is Ending.INTERRUPTED
    assert watched.let_go
    assert stage.submissions.cancelled == ["interrupted by Ctrl-C"]


def test_workers_that_do_not_let_go_are_not_waited_for_without_end() -> None:
    """The command ends all the same, and knows it."""
    stage = Stage([RUNNING], comes_at=1.0)
    watched = stage.watch.until_over()
    assert watched.ending is Ending.INTERRUPTED
    assert not watched.let_go


def test_an_interrupt_of_a_detached_run_ends_the_waiting_alone() -> None:
    """With ``dtf submit --wait`` the run goes on."""
    stage = Stage([RUNNING], comes_at=1.0)
    stage.watch.cancels = False
    assert stage.watch.until_over().ending is Ending.INTERRUPTED
    assert stage.submissions.cancelled == []


def test_the_time_limit_is_kept_even_without_a_coordinator() -> None:
    """The coordinator ends the run at its limit; where none leads, the command does it soon after."""
    stage = Stage([RUNNING])
    stage.watch.limit_s = 5.0
    began = stage.clock.monotonic()
    assert stage.watch.until_over().ending is Ending.TIME_LIMIT
    assert stage.submissions.cancelled == ["the run's time limit of 5.00 s"]
    assert stage.clock.monotonic() - began < 5.0 + 2.5 + 15.5


def test_who_waits_long_is_told_how_to_find_out_why() -> None:
    """Once, also when a part of the run has run and what is left is taken by nobody; work that runs is no waiting."""
    untaken = replace(RUNNING, attempts=0, shards={"queued": 1})
    stage = Stage([*[untaken] * 300, PASSED])
    stage.watch.until_over()
    assert stage.progress.notes == ["nothing has taken it yet: dtf why r1 says what it waits for"]

    left = replace(RUNNING, attempts=3, shards={"queued": 1, "finished": 3})
    stage = Stage([*[left] * 300, PASSED])
    stage.watch.until_over()
    assert stage.progress.notes == ["nothing takes what is left of it: dtf why r1 says what it waits for"]

    busy = replace(RUNNING, attempts=3, shards={"queued": 1, "claimed": 1})
    stage = Stage([*([left] * 50 + [busy]) * 6, PASSED])
    stage.watch.until_over()
    assert stage.progress.notes == []


def test_a_database_that_comes_back_is_waited_for() -> None:
    """It is told once that it is away, and once that it is back."""
    away = LedgerUnavailableError("gone")
    stage = Stage([RUNNING, *[away] * 20, RUNNING, PASSED])
    assert stage.watch.until_over().ending is Ending.FINISHED
    assert len(stage.progress.notes) == 2
    assert "gone" in stage.progress.notes[0]
    assert stage.progress.notes[1] == "the database is back"


def test_a_database_that_stays_away_is_given_up() -> None:
    """Two minutes, then the command ends."""
    stage = Stage([RUNNING, LedgerUnavailableError("gone")])
    began = stage.clock.monotonic()
    assert stage.watch.until_over().ending is Ending.UNREACHABLE
    assert PATIENCE_S <= stage.clock.monotonic() - began <= PATIENCE_S + 3


def test_a_cluster_that_broke_down_ends_the_waiting() -> None:
    """What looks after the cluster says why."""
    stage = Stage([RUNNING])
    reasons = iter(["", "", "no worker is left"])
    stage.watch.tend = lambda _run, _progress: next(reasons)
    assert stage.watch.until_over().ending is Ending.BROKEN
    assert stage.submissions.cancelled == ["no worker is left"]


@pytest.mark.parametrize(("attempts", "told"), [(0, 1), (1, 0)])
def test_a_run_that_nobody_takes_says_how_to_find_out_why(attempts: int, told: int) -> None:
    """Once, after ten seconds."""
    stage = Stage([*[replace(RUNNING, attempts=attempts)] * 200, PASSED])
    stage.watch.until_over()
    assert len([note for note in stage.progress.notes if "dtf why r1" in note]) == told


def test_while_its_worker_starts_it_is_told_that_and_no_more() -> None:
    """The warning comes later, and never where the worker takes the run soon after its start."""
    untaken = replace(RUNNING, attempts=0, shards={"queued": 1})
    stage = Stage([*[untaken] * 300, *[RUNNING] * 300, PASSED])
    starts = iter(["the worker of webgpu is starting"] * 230)
    stage.watch.patience.starting = lambda _run: next(starts, "")
    stage.watch.until_over()
    assert stage.progress.notes == ["the worker of webgpu is starting"]

    stage = Stage([*[untaken] * 150, *[RUNNING] * 300, PASSED])
    starts = iter(["the worker of webgpu is starting"] * 70)  # it has registered before anything is told
    stage.watch.patience.starting = lambda _run: next(starts, "")
    stage.watch.until_over()
    assert stage.progress.notes == []

    stage = Stage([*[untaken] * 700, PASSED])
    stage.watch.patience.starting = lambda _run: "the worker of webgpu is starting"
    stage.watch.until_over()
    assert len(stage.progress.notes) == 2
    assert "dtf why r1" in stage.progress.notes[1]


def test_what_nobody_can_ever_take_is_cancelled() -> None:
    """With the reason."""
    stage = Stage([RUNNING, RUNNING, replace(PASSED, outcome=Outcome.CANCELLED)])
    stage.watch.hopeless = lambda _run: "no capacity: no worker satisfies x"
    watched = stage.watch.until_over()
    assert (watched.ending, watched.let_go) == (Ending.NO_CAPACITY, True)
    assert stage.submissions.cancelled == ["no capacity: no worker satisfies x"]
