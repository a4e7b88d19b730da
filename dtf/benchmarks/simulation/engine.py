"""The discrete-event simulation of one run with one arm."""

import heapq
from collections import deque
from collections.abc import Sequence
from typing import Final

from dtf.benchmarks.simulation.arms.protocol import NEVER, Arm, Ending, Refunds, Setting
from dtf.benchmarks.simulation.chance import uniform
from dtf.benchmarks.simulation.faults import HAMMER_ATTEMPT_S, HAMMER_CANARY_S, HAMMER_MOST, Phase
from dtf.benchmarks.simulation.jobs import Luck, SimulatedJob
from dtf.benchmarks.simulation.lab import CANARY
from dtf.benchmarks.simulation.measures import Books, Measures
from dtf.benchmarks.simulation.states import CanaryRun, Due, JobState, Running, TargetState
from dtf.domain.breaker import Sign
from dtf.resilience.recovery import retry_delay_s

#: How long after the last arrival the run ends, whatever is left.
DRAIN_S: Final = 1800.0

#: Instead of a target's index: work came that any target may take; or nothing has changed.
ANYWHERE, NOTHING = -1, -2


class Engine:
    """Runs the jobs of a setting over its schedule with one arm.

    Events are (time, number, what, with what); every event may free a slot or change a breaker, and after it canaries
    and jobs start wherever the arm lets them.
    """

    def __init__(self, seed: int, setting: Setting, jobs: list[SimulatedJob], arm: Arm) -> None:
        self._seed = seed
        self._setting = setting
        self._arm = arm
        self._luck = Luck(seed, setting.lab, setting.conditions)
        self._jobs = [JobState(job=job, ready_at=job.at) for job in jobs]
        self._targets = [TargetState(free=setting.conditions.slots) for _ in setting.lab.targets]
        self._shared: deque[JobState] = deque()
        self._shared_last: deque[JobState] = deque()
        self._events: list[tuple[float, int, int, object]] = []
        self._number = 0
        self._turn = 0
        self._waiting = 0
        self._left = len(jobs)
        self._handlers = (
            self._arrives,
            self._ends,
            self._phase_begins,
            self._phase_ends,
            self._looks,
            self._canary_ends,
            self._overruns,
        )
        self.books = Books(setting)
        arm.told(lambda index: self._targets[index].sick)

    def run(self) -> Measures:
        """Run to the end and give the measures."""
        conditions = self._setting.conditions
        for phase in self._setting.schedule.phases:
            self._push(phase.start, 2, phase)
        for state in self._jobs:
            self._push(state.job.at, 0, state)
        last = conditions.end_s + DRAIN_S
        while self._events and self._left:
            at, _, kind, subject = heapq.heappop(self._events)
            if at > last:
                break
            self.books.advance(at)
            touched = self._handlers[kind](at, subject)
            self._serve(at, touched)
        for state in self._jobs:
            if not state.over:
                self.books.job_over(state.job, None, state.first_fault_at, state.waited_s)
        return self.books.measures(self._arm.journal.moves)

    def _push(self, at: float, kind: int, subject: object) -> None:
        self._number += 1
        heapq.heappush(self._events, (at, self._number, kind, subject))

    # what happens: each handler returns the target to look at, or ANYWHERE, or NOTHING

    def _arrives(self, at: float, subject: object) -> int:
        assert isinstance(subject, JobState)  # noqa: S101  # narrows the event's type
        subject.ready_at = at
        self._queue_of(subject).append(subject)
        self._waiting += 1
        return subject.job.pinned

    def _ends(self, at: float, subject: object) -> int:
        assert isinstance(subject, Due)  # noqa: S101  # narrows the event's type
        if subject.overtaken:
            return NOTHING
        running = subject.running
        running.version += 1
        target = self._targets[running.target]
        target.running.remove(running)
        target.free += 1
        state, end = running.state, running.end
        if end.faulted:
            self.books.failed(max(running.start, running.faulted_from), running.start, at)
            if state.first_fault_at is None:
                state.first_fault_at = at
        failed = end.sign is not Sign.WORKED
        state.charged += failed
        refunds = self._arm.ended(
            Ending(
                target=running.target,
                now=at,
                job=state.job,
                ran_s=at - running.start,
                sign=end.sign,
                token=running.token,
                faulted=end.faulted,
            )
        )
        self._refund(refunds)
        if failed:
            self._retry(state, at)
        else:
            self._over(state, at, succeeded=True)
        return running.target

    def _retry(self, state: JobState, at: float) -> None:
        attempts = self._setting.conditions.attempts
        if state.charged >= attempts or state.made >= 2 * attempts:
            self._over(state, at, succeeded=False)
            return
        self._push(at + retry_delay_s(state.made - 1), 0, state)

    def _over(self, state: JobState, at: float, *, succeeded: bool) -> None:
        state.over = True
        self._left -= 1
        self.books.job_over(state.job, at if succeeded else None, state.first_fault_at, state.waited_s)

    def _refund(self, refunds: Refunds) -> None:
        for index in refunds:
            state = self._jobs[index]
            if not state.over and state.charged > 0:
                state.charged -= 1

    def _phase_begins(self, at: float, subject: object) -> int:
        assert isinstance(subject, Phase)  # noqa: S101  # narrows the event's type
        target = self._targets[subject.target]
        target.phase, target.phase_ends = subject, subject.end
        self._push(subject.end, 3, subject)
        self.books.sick(subject.target, at, sick=target.sick)
        for running in target.running:
            if running.end.faulted:
                continue
            end = self._luck.hit(running.state.job, running.state.made - 1, subject, at - running.start)
            if end is not None:
                running.end, running.faulted_from = end, at
                running.version += 1
                self._push(max(running.start + end.after_s, at), 1, Due(running=running, version=running.version))
        return subject.target

    def _phase_ends(self, at: float, subject: object) -> int:
        assert isinstance(subject, Phase)  # noqa: S101  # narrows the event's type
        target = self._targets[subject.target]
        if target.phase is not subject:
            return NOTHING
        if target.phase_ends > at + 1e-9:
            self._push(target.phase_ends, 3, subject)
            return NOTHING
        target.phase = None
        self.books.sick(subject.target, at, sick=False)
        return subject.target

    def _looks(self, at: float, subject: object) -> int:
        assert isinstance(subject, int)  # noqa: S101  # narrows the event's type
        if self._targets[subject].looks_at <= at:
            self._targets[subject].looks_at = NEVER
        return subject

    def _canary_ends(self, at: float, subject: object) -> int:
        assert isinstance(subject, CanaryRun)  # noqa: S101  # narrows the event's type
        self.books.canary(at, passed=subject.passed)
        self._refund(self._arm.canary_ended(subject.target, at, passed=subject.passed, token=subject.token))
        return subject.target

    def _overruns(self, at: float, subject: object) -> int:
        assert isinstance(subject, Due)  # noqa: S101  # narrows the event's type
        if subject.overtaken:
            return NOTHING
        running = subject.running
        self._refund(self._arm.overran(running.target, at, running.state.job, running.token))
        return running.target

    # what starts

    def _serve(self, at: float, touched: int) -> None:
        """Start canaries and jobs where the event, or the arm on its account, may have changed something."""
        if touched == NOTHING:
            return
        stirred = self._arm.journal.stirred
        places = [touched] if touched != ANYWHERE else []
        while True:
            places += stirred
            stirred.clear()
            for index in places:
                self._start_canary(index, at)
            if self._waiting:
                self._dispatch(at, range(len(self._targets)) if touched == ANYWHERE else places)
            for index in places:
                self._plan_look(index, at)
            if not stirred:
                break
            touched, places = NOTHING, []
        self.books.blocked_rate = self._blocked() if self._waiting else 0

    def _start_canary(self, index: int, at: float) -> None:
        while (token := self._arm.starts_canary(index, at)) is not None:
            self._run_canary(index, at, token)

    def _run_canary(self, index: int, at: float, token: int) -> None:
        target, model = self._targets[index], self._setting.conditions.canary
        target.canaries += 1
        luck = uniform(self._seed, CANARY, index, target.canaries)
        phase = target.phase
        fails = phase.fail * (1 - model.missed) if phase else 0.0
        passed = luck >= max(fails, model.false_alarm)
        if phase and phase.hammered:
            self._prolong(target, phase, HAMMER_CANARY_S)
        self._push(
            at + (model.passed_s if passed else model.failed_s), 5, CanaryRun(target=index, passed=passed, token=token)
        )

    def _plan_look(self, index: int, at: float) -> None:
        look = self._arm.look_at(index, at)
        target = self._targets[index]
        if look < target.looks_at - 1e-9:
            target.looks_at = look
            self._push(max(look, at), 4, index)

    def _dispatch(self, at: float, places: Sequence[int]) -> None:
        self._turn += 1
        count = len(self._targets)
        free = [
            (self._arm.badness(index), -target.free, (index + self._turn) % count, index)
            for index, target in ((index, self._targets[index]) for index in set(places))
            if target.free and (self._shared or self._shared_last or target.waiting or target.waiting_last)
        ]
        for *_, index in sorted(free):
            target = self._targets[index]
            while target.free and self._start_next(index, target, at):
                pass

    def _start_next(self, index: int, target: TargetState, at: float) -> bool:
        """Start what has waited longest of what may start."""
        for queues, last in (
            ((target.waiting_last, self._shared_last), True),
            ((target.waiting, self._shared), False),
        ):
            queue = _older(*queues)
            if queue is None or not self._arm.allows(index, at, queue[0].job, last=last):
                continue
            self._start(queue.popleft(), index, target, at)
            return True
        return False

    def _start(self, state: JobState, index: int, target: TargetState, at: float) -> None:
        self._waiting -= 1
        state.waited_s += at - state.ready_at
        phase = target.phase
        if phase and phase.hammered:
            self._prolong(target, phase, HAMMER_ATTEMPT_S)
        end = self._luck.attempt(state.job, state.made, index, phase)
        state.made += 1
        running = Running(state=state, target=index, start=at, token=self._arm.started(index, at), end=end)
        target.free -= 1
        target.running.append(running)
        self._push(at + end.after_s, 1, Due(running=running, version=0))
        overruns_after = self._arm.overruns_after(index, state.job)
        if overruns_after < end.after_s:
            self._push(at + overruns_after, 6, Due(running=running, version=0))

    def _prolong(self, target: TargetState, phase: Phase, by_s: float) -> None:
        most = phase.start + HAMMER_MOST * (phase.end - phase.start)
        target.phase_ends = min(target.phase_ends + by_s, most)

    def _queue_of(self, state: JobState) -> deque[JobState]:
        last = state.charged == self._setting.conditions.attempts - 1
        if state.job.pinned < 0:
            return self._shared_last if last else self._shared
        target = self._targets[state.job.pinned]
        return target.waiting_last if last else target.waiting

    def _blocked(self) -> int:
        """How many free slots of healthy targets have work waiting that the arm keeps from them."""
        shared = len(self._shared) + len(self._shared_last)
        blocked = rest = 0
        for target in self._targets:
            if target.free and not target.sick:
                own = min(target.free, len(target.waiting) + len(target.waiting_last))
                blocked += own
                rest += target.free - own
        return blocked + min(rest, shared)


def _older(one: deque[JobState], other: deque[JobState]) -> deque[JobState] | None:
    if not one:
        return other or None
    if not other:
        return one
    return one if one[0].ready_at <= other[0].ready_at else other
