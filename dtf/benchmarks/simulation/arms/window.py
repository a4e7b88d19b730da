"""Breakers that open by the failure rate of a window of calls: resilience4j's settings."""

from collections import deque
from dataclasses import dataclass, field

from dtf.benchmarks.simulation.arms.protocol import NEVER, Ending, Indifferent, Moved, Refunds, Setting
from dtf.benchmarks.simulation.jobs import SimulatedJob
from dtf.domain.breaker import BAD_SIGNS, BreakerState


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowParams:
    """It opens when ``rate`` of the last ``size`` calls failed, of at least ``least``.

    After ``wait_s`` it lets ``permitted`` calls through (real jobs, or canaries) and judges these by the same rate.
    """

    rate: float = 0.5
    size: int = 100
    least: int = 100
    wait_s: float = 60.0
    permitted: int = 10
    canary: bool = False
    refunds: bool = False


#: resilience4j's defaults.
RESILIENCE4J = WindowParams()
RESILIENCE4J_HELPED = WindowParams(canary=True, refunds=True)
#: The same idea with numbers that suit a laboratory.
SMALL_WINDOW = WindowParams(size=10, least=5, wait_s=5.0, permitted=1, canary=True, refunds=True)


@dataclass(slots=True)
class _Breaker:
    calls: deque[tuple[bool, int]]
    state: BreakerState = BreakerState.CLOSED
    epoch: int = 0
    probe_at: float = 0.0
    permitted: int = 0
    probing: bool = False
    results: list[bool] = field(default_factory=list)


class Window(Indifferent):
    """Keeps the last calls of each target."""

    def __init__(self, setting: Setting, params: WindowParams) -> None:
        super().__init__(setting)
        self._params = params
        self._breakers = [_Breaker(calls=deque(maxlen=params.size)) for _ in setting.lab.targets]

    def allows(self, target: int, now: float, job: SimulatedJob, *, last: bool) -> bool:  # noqa: ARG002  # the protocol's
        """Closed; or half-open with a permitted call left, where probes are real jobs."""
        one = self._breakers[target]
        if one.state is BreakerState.CLOSED:
            return True
        if self._params.canary:
            return False
        if one.state is BreakerState.OPEN and now >= one.probe_at:
            self._move(target, now, BreakerState.HALF_OPEN)
        return one.state is BreakerState.HALF_OPEN and one.permitted < self._params.permitted

    def started(self, target: int, now: float) -> int:  # noqa: ARG002  # the protocol's
        """One permitted call fewer."""
        one = self._breakers[target]
        one.permitted += one.state is BreakerState.HALF_OPEN
        return one.epoch

    def ended(self, ending: Ending) -> Refunds:
        """Count it."""
        one = self._breakers[ending.target]
        failed = ending.sign in BAD_SIGNS
        if ending.token != one.epoch:
            return (ending.job.index,) if failed and self._params.refunds else ()
        if one.state is BreakerState.HALF_OPEN:
            self._probed(ending.target, ending.now, failed=failed)
            return ()
        one.calls.append((failed, ending.job.index))
        failures = [job for bad, job in one.calls if bad]
        if len(one.calls) < self._params.least or len(failures) < self._params.rate * len(one.calls):
            return ()
        self._move(ending.target, ending.now, BreakerState.OPEN)
        return tuple(dict.fromkeys(failures[-16:])) if self._params.refunds else ()

    def look_at(self, target: int, now: float) -> float:
        """When it may be probed."""
        one = self._breakers[target]
        return one.probe_at if one.state is BreakerState.OPEN and one.probe_at > now else NEVER

    def starts_canary(self, target: int, now: float) -> int | None:
        """One after the other, from when it is time until it is judged."""
        one = self._breakers[target]
        if not self._params.canary or one.state is BreakerState.CLOSED or one.probing:
            return None
        if one.state is BreakerState.OPEN and now >= one.probe_at:
            self._move(target, now, BreakerState.HALF_OPEN)
        if one.state is not BreakerState.HALF_OPEN:
            return None
        one.probing = True
        return one.epoch

    def canary_ended(self, target: int, now: float, *, passed: bool, token: int) -> Refunds:  # noqa: ARG002
        """Count it."""
        self._breakers[target].probing = False
        self._probed(target, now, failed=not passed)
        return ()

    def _probed(self, target: int, now: float, *, failed: bool) -> None:
        one = self._breakers[target]
        one.results.append(failed)
        if len(one.results) < self._params.permitted:
            return
        bad = sum(one.results) >= self._params.rate * len(one.results)
        self._move(target, now, BreakerState.OPEN if bad else BreakerState.CLOSED)

    def _move(self, target: int, now: float, state: BreakerState) -> None:
        one = self._breakers[target]
        self.journal.moves.append(Moved(at=now, target=target, before=one.state, after=state))
        one.state = state
        one.epoch += 1
        one.permitted = 0
        one.results.clear()
        one.calls.clear()
        if state is BreakerState.OPEN:
            one.probe_at = now + self._params.wait_s
