"""The simulation's arms, in front of real browsers: the same code decides here and there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dtf.benchmarks.browsers.arms.protocol import Journal, Moved, Refunds, Ticket
from dtf.benchmarks.browsers.job import Job
from dtf.benchmarks.simulation.arms.protocol import Arm as SimulatedArm
from dtf.benchmarks.simulation.arms.protocol import Ending, Setting
from dtf.benchmarks.simulation.faults import Schedule
from dtf.benchmarks.simulation.jobs import SimulatedJob, Verdict
from dtf.benchmarks.simulation.lab import Conditions, JobGroup, Lab, SimulatedTarget
from dtf.domain.breaker import Sign, Target

#: The hardware tag of the benchmark's browsers.
HARDWARE = "webgpu"


class BySimulation:
    """Asks one of the simulation's arms, which knows browsers as numbers.

    Args:
        browsers: Their names.
        make: Makes the arm for a laboratory of so many targets.
    """

    def __init__(self, browsers: Sequence[str], make: Callable[[Setting], SimulatedArm]) -> None:
        self._index = {name: index for index, name in enumerate(browsers)}
        self._names = tuple(browsers)
        self._arm = make(_setting(browsers))
        self.journal = Journal()

    def ask(self, browser: str, now_s: float, job: Job, *, last: bool) -> Ticket | None:
        """Where it allows one."""
        target = self._index[browser]
        allowed = self._arm.allows(target, now_s, _simulated(job), last=last)
        token = self._arm.started(target, now_s) if allowed else 0
        self._tell_moves()
        return Ticket(browser=browser, token=token) if allowed else None

    def ended(self, ticket: Ticket, now_s: float, job: Job, sign: Sign, ran_s: float) -> Refunds:
        """Hand it on; only a floor would look at causes, and there is none here."""
        ending = Ending(
            target=self._index[ticket.browser],
            now=now_s,
            job=_simulated(job),
            ran_s=ran_s,
            sign=sign,
            token=_token(ticket),
            faulted=False,
        )
        refunds = self._arm.ended(ending)
        self._tell_moves()
        return tuple(refunds)

    def canary(self, browser: str, now_s: float) -> Ticket | None:
        """When it wants one."""
        token = self._arm.starts_canary(self._index[browser], now_s)
        self._tell_moves()
        return None if token is None else Ticket(browser=browser, token=token)

    def stands_in(self, browser: str, job: Job) -> bool:  # noqa: ARG002  # the protocol's
        """None does."""
        return False

    def stand_in_ended(self, ticket: Ticket, now_s: float, job: Job, ran_s: float, *, passed: bool) -> Refunds:  # noqa: ARG002  # the protocol's
        """None does."""
        return ()

    def canary_ended(self, ticket: Ticket, now_s: float, ran_s: float, *, passed: bool) -> Refunds:  # noqa: ARG002  # the protocol's
        """Hand it on."""
        refunds = self._arm.canary_ended(self._index[ticket.browser], now_s, passed=passed, token=_token(ticket))
        self._tell_moves()
        return tuple(refunds)

    def doubt(self, browser: str) -> float:
        """Its own measure."""
        return self._arm.badness(self._index[browser])

    def learn(self, now_s: float) -> None:
        """None of them learns between jobs."""

    def kept(self) -> Mapping[str, Any]:
        """Nothing."""
        return {}

    def _tell_moves(self) -> None:
        for move in self._arm.journal.moves[len(self.journal.moves) :]:
            self.journal.moves.append(
                Moved(
                    at_s=move.at,
                    browser=self._names[move.target],
                    before=move.before,
                    after=move.after,
                    reason=move.reason,
                )
            )


def _token(ticket: Ticket) -> int:
    if not isinstance(ticket.token, int):
        raise TypeError(f"the ticket for {ticket.browser} is another arm's")
    return ticket.token


def _setting(browsers: Sequence[str]) -> Setting:
    """A laboratory with so many targets, whose other numbers nothing reads that is used here."""
    targets = tuple(
        SimulatedTarget(
            index=index,
            target=Target(hardware=HARDWARE, name=name),
            base_rate=0.0,
            outage_median_s=0.0,
            interval_s=0.0,
        )
        for index, name in enumerate(browsers)
    )
    return Setting(
        lab=Lab(targets=targets, groups=()), conditions=Conditions(), schedule=Schedule(phases=(), bad_tests=())
    )


def _simulated(job: Job) -> SimulatedJob:
    group = JobGroup(index=0, name=job.group, log_mean=0.0, log_sd=0.0, crash_rate=0.0)
    return SimulatedJob(
        index=job.number, at=job.arrives_s, group=group, duration_s=0.0, pinned=-1, verdict=Verdict.PASSES
    )
