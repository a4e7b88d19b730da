"""When somebody who waits for a run is told what it waits for."""

from collections.abc import Callable

from dtf.domain.clock import Clock
from dtf.domain.ports.views import RunView
from dtf.domain.shard import ShardState

#: Says which worker is starting that a run waits for, or nothing.
Starting = Callable[[RunView], str]

#: After so many seconds in which work waits, somebody could take it and nothing runs, the user is told how to find out.
UNTAKEN_S = 10.0
#: So long a worker may take to start before that is told all the same, in seconds.
STARTING_S = 60.0
#: Before that nobody is asked whether a worker starts, in seconds.
_ASKED_AFTER_S = 2.0


class Patience:
    """Knows how long a run waits already.

    Attributes:
        starting: Says which worker is still starting that the run waits for; empty: none is.
    """

    def __init__(self, run_id: str, clock: Clock) -> None:
        self.starting: Starting = _nothing
        self._run_id = run_id
        self._clock = clock
        self._idle_since = self._start_seen_at = clock.monotonic()
        self._told = False
        self._told_starting = ""

    def word(self, run: RunView) -> str:
        """What the user should know now; empty: nothing, or it was told already."""
        now = self._clock.monotonic()
        waits = run.shards.get(ShardState.QUEUED, 0) and not run.shards.get(ShardState.CLAIMED, 0)
        if run.outcome is not None or (run.attempts and not waits):
            self._idle_since = now
        idle_s = now - self._idle_since
        if self._told or idle_s <= _ASKED_AFTER_S:
            return ""
        if idle_s <= STARTING_S and (starts := self.starting(run)):
            self._start_seen_at = now
            return self._once(starts) if idle_s > UNTAKEN_S else ""
        # a worker that has just started has as much time as one that was there all along
        if idle_s <= STARTING_S and now - max(self._idle_since, self._start_seen_at) <= UNTAKEN_S:
            return ""
        self._told = True
        what = "nothing takes what is left of it" if run.attempts else "nothing has taken it yet"
        return f"{what}: dtf why {self._run_id} says what it waits for"

    def _once(self, starts: str) -> str:
        told, self._told_starting = self._told_starting, starts
        return starts if starts != told else ""


def _nothing(_run: RunView) -> str:
    """No worker is starting."""
    return ""
