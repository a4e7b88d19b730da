"""Stays with a run until it is over."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from dtf.cli.running.interrupts import Interrupts
from dtf.cli.running.patience import Patience
from dtf.cli.running.progress import Progress
from dtf.cli.terminal.figures import duration
from dtf.domain.clock import Clock
from dtf.domain.errors import DtfError, LedgerUnavailableError
from dtf.domain.ports.submissions import Submissions
from dtf.domain.ports.views import RunView, Views

#: Tells why nothing of what is left of a run can ever run, or nothing.
Hopeless = Callable[[RunView], str]

#: Looks after the cluster; tells why waiting on is of no use, or nothing.
Tend = Callable[[RunView, Progress], str]

#: How often the run is looked at, in seconds.
LOOK_EVERY_S = 0.1
#: How often the run is told that its command lives, in seconds.
TOUCH_EVERY_S = 3.0
#: How long workers may take to let go of a cancelled run, in seconds.
LET_GO_S = 15.0
#: The coordinator ends a run at its time limit; so much later the command does it itself, in seconds.
LIMIT_GRACE_S = 2.0
#: How long a database may be away before the command gives up, in seconds.
PATIENCE_S = 120.0


class Ending(Enum):
    """Why the watching ended."""

    FINISHED = auto()
    INTERRUPTED = auto()
    TIME_LIMIT = auto()
    #: The database stayed away.
    UNREACHABLE = auto()
    #: The cluster broke down and did not come back.
    BROKEN = auto()
    #: Nothing that is there can take what is left.
    NO_CAPACITY = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What came of the watching.

    Attributes:
        ending: Why it ended.
        run: The run as it was seen last; None: never.
        let_go: Whether everything of the run had ended by then.
    """

    ending: Ending
    run: RunView | None
    let_go: bool


class Watch:
    """Stays with a run until it is over, its time is up, or somebody interrupts.

    Attributes:
        attached_s: How long the run survives without being touched, in seconds; 0: it is not attached.
        limit_s: The run's own time limit, in seconds from now; None: none.
        cancels: Whether an interrupt cancels the run, or the waiting alone.
        pause: Waits for so many seconds.
        tend: Looks after the cluster; what it returns is the reason why it is of no use to wait on.
        hopeless: Tells why nothing can ever take what is left; the run is then cancelled.
        patience: Knows when the user should hear what the run waits for.
    """

    def __init__(
        self,
        run_id: str,
        *,
        views: Views,
        submissions: Submissions,
        progress: Progress,
        interrupts: Interrupts,
        clock: Clock,
        attached_s: float = 0.0,
        limit_s: float | None = None,
    ) -> None:
        self.attached_s = attached_s
        self.limit_s = limit_s
        self.cancels = True
        self.tend: Tend = _nothing
        self.hopeless: Hopeless = _hopeful
        self.patience = Patience(run_id, clock)
        self._run_id = run_id
        self._views = views
        self._submissions = submissions
        self._progress = progress
        self._interrupts = interrupts
        self._clock = clock
        self._begun = clock.monotonic()
        self._touched = self._begun
        self._away_since: float | None = None
        self._run: RunView | None = None
        self.pause: Callable[[float], object] = threading.Event().wait  # signals do not shorten it

    def until_over(self) -> Watched:
        """Watch; return when there is nothing left to wait for."""
        while True:
            self._look()
            if self._run is not None and self._run.outcome is not None:
                return Watched(ending=Ending.FINISHED, run=self._run, let_go=True)
            if self._interrupts.pending and not self.cancels:
                return Watched(ending=Ending.INTERRUPTED, run=self._run, let_go=False)
            if self._interrupts.pending:
                return self._call_off(Ending.INTERRUPTED, f"interrupted by {self._interrupts.name}")
            if self.limit_s is not None and self._clock.monotonic() - self._begun >= self.limit_s + LIMIT_GRACE_S:
                return self._call_off(Ending.TIME_LIMIT, f"the run's time limit of {duration(self.limit_s)}")
            if self._away_since is not None and self._clock.monotonic() - self._away_since > PATIENCE_S:
                return Watched(ending=Ending.UNREACHABLE, run=self._run, let_go=False)
            if self._run is not None and (reason := self.tend(self._run, self._progress)):
                return self._call_off(Ending.BROKEN, reason)
            if self._run is not None and self._away_since is None and (reason := self.hopeless(self._run)):
                return self._call_off(Ending.NO_CAPACITY, reason)
            self._interrupts.wait(LOOK_EVERY_S if self._away_since is None else 1.0)

    def _look(self) -> None:
        try:
            self._run = self._views.run(self._run_id)
            if self.attached_s and self._clock.monotonic() - self._touched >= TOUCH_EVERY_S:
                self._submissions.touch_run(self._run_id, self.attached_s)
                self._touched = self._clock.monotonic()
        except LedgerUnavailableError as error:
            if self._away_since is None:
                self._away_since = self._clock.monotonic()
                self._progress.note(f"{error}; trying for another {duration(PATIENCE_S)}")
            return
        if self._away_since is not None:
            self._away_since = None
            self._progress.note("the database is back")
        if word := self.patience.word(self._run):
            self._progress.note(word)
        self._progress.show(self._run)

    def _call_off(self, ending: Ending, reason: str) -> Watched:
        self._progress.note(f"{reason}: cancelling the run")
        try:
            self._submissions.cancel_run(self._run_id, reason)
        except DtfError as error:
            self._progress.note(f"the run could not be cancelled: {error}")
            return Watched(ending=ending, run=self._run, let_go=False)
        until = self._clock.monotonic() + LET_GO_S
        while self._clock.monotonic() < until:
            self._look()
            if self._run is not None and self._run.outcome is not None:
                return Watched(ending=ending, run=self._run, let_go=True)
            self.pause(LOOK_EVERY_S)
        return Watched(ending=ending, run=self._run, let_go=False)


def _nothing(_run: RunView, _progress: Progress) -> str:
    """Nothing to look after."""
    return ""


def _hopeful(_run: RunView) -> str:
    """What is left can always be taken by somebody."""
    return ""
