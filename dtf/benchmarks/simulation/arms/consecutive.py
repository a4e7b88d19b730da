"""Breakers that open after so many failures in a row: pybreaker's settings, and the strong fixed one."""

from collections.abc import Callable
from dataclasses import dataclass, field

from dtf.benchmarks.simulation.arms.protocol import NEVER, Ending, Indifferent, Moved, Refunds, Setting
from dtf.benchmarks.simulation.jobs import SimulatedJob
from dtf.domain.breaker import BAD_SIGNS, BreakerState


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsecutiveParams:
    """So many failures in a row open it; after ``wait_s`` it is probed: by a canary, or by one real job.

    ``passes``: so many probes in a row must pass, one right after the other.
    ``refunds``: jobs that failed in the row that opened it, or after, get the attempt back.
    ``own_only``: only failures that a fault caused count, and canaries tell the truth; no breaker can know either, the
    floor does.
    """

    failures: int
    wait_s: float
    canary: bool
    refunds: bool
    own_only: bool = False
    passes: int = 1


#: pybreaker's defaults: ``fail_max=5, reset_timeout=60``, one trial call in the half-open state.
PYBREAKER = ConsecutiveParams(failures=5, wait_s=60.0, canary=False, refunds=False)
PYBREAKER_HELPED = ConsecutiveParams(failures=5, wait_s=60.0, canary=True, refunds=True)
#: The best fixed breaker of the studies, and dtf's own fallback.
STRONG_FIXED = ConsecutiveParams(failures=4, wait_s=5.0, canary=True, refunds=True)
#: A fixed breaker whose numbers were chosen for this laboratory, on other seeds than are reported.
TUNED_FIXED = ConsecutiveParams(failures=3, wait_s=3.0, canary=True, refunds=True, passes=3)
#: One that sees causes, opens at once and looks every second: about what can be reached without foresight.
FLOOR = ConsecutiveParams(failures=1, wait_s=1.0, canary=True, refunds=True, own_only=True)


@dataclass(slots=True)
class _Breaker:
    state: BreakerState = BreakerState.CLOSED
    epoch: int = 0
    probe_at: float = 0.0
    probing: bool = False
    passed: int = 0
    row: list[int] = field(default_factory=list)


class Consecutive(Indifferent):
    """Counts failures in a row for each target; a success ends the row."""

    def __init__(self, setting: Setting, params: ConsecutiveParams) -> None:
        super().__init__(setting)
        self._params = params
        self._breakers = [_Breaker() for _ in setting.lab.targets]
        self._sick: Callable[[int], bool] | None = None

    def told(self, sick: Callable[[int], bool]) -> None:
        """Only the floor listens."""
        if self._params.own_only:
            self._sick = sick

    def allows(self, target: int, now: float, job: SimulatedJob, *, last: bool) -> bool:  # noqa: ARG002  # the protocol's
        """Closed; or it is time for a probe, and that is a real job."""
        one = self._breakers[target]
        if one.state is BreakerState.CLOSED:
            return True
        return not self._params.canary and not one.probing and now >= one.probe_at

    def started(self, target: int, now: float) -> int:
        """A job on an open breaker is its probe."""
        one = self._breakers[target]
        if one.state is not BreakerState.CLOSED:
            self._move(target, now, BreakerState.HALF_OPEN)
            one.probing = True
        return one.epoch

    def ended(self, ending: Ending) -> Refunds:
        """Count it, or take the probe's result."""
        one = self._breakers[ending.target]
        failed = ending.sign in BAD_SIGNS and (ending.faulted or not self._params.own_only)
        if one.state is BreakerState.CLOSED and ending.token == one.epoch:
            return self._counted(one, ending, failed=failed)
        if one.state is BreakerState.HALF_OPEN and ending.token == one.epoch and not self._params.canary:
            self._judge(ending.target, ending.now, passed=not failed)
        return (ending.job.index,) if failed and self._params.refunds else ()

    def look_at(self, target: int, now: float) -> float:
        """When it may be probed."""
        one = self._breakers[target]
        waits = one.state is BreakerState.OPEN and not one.probing and one.probe_at > now
        return one.probe_at if waits else NEVER

    def starts_canary(self, target: int, now: float) -> int | None:
        """When it is open, and time."""
        one = self._breakers[target]
        due = self._params.canary and one.state is BreakerState.OPEN and not one.probing and now >= one.probe_at
        if not due:
            return None
        one.probing = True
        return one.epoch

    def canary_ended(self, target: int, now: float, *, passed: bool, token: int) -> Refunds:  # noqa: ARG002
        """It decides."""
        self._judge(target, now, passed=passed if self._sick is None else not self._sick(target))
        return ()

    def _counted(self, one: _Breaker, ending: Ending, *, failed: bool) -> Refunds:
        if not failed:
            one.row.clear()
            return ()
        one.row.append(ending.job.index)
        if len(one.row) < self._params.failures:
            return ()
        row = tuple(one.row)
        self._open(ending.target, ending.now)
        return row if self._params.refunds else ()

    def _judge(self, target: int, now: float, *, passed: bool) -> None:
        one = self._breakers[target]
        one.probing = False
        one.passed = one.passed + 1 if passed else 0
        if one.passed >= self._params.passes:
            one.passed = 0
            self._move(target, now, BreakerState.CLOSED)
        elif not passed:
            self._open(target, now)

    def _open(self, target: int, now: float) -> None:
        self._breakers[target].probe_at = now + self._params.wait_s
        self._move(target, now, BreakerState.OPEN)

    def _move(self, target: int, now: float, state: BreakerState) -> None:
        one = self._breakers[target]
        one.row.clear()
        if one.state is state:
            return
        self.journal.moves.append(Moved(at=now, target=target, before=one.state, after=state))
        one.state = state
        one.epoch += 1
