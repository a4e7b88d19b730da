"""The jobs of a run on their way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dtf.benchmarks.browsers.job import Job
from dtf.benchmarks.browsers.records import JobRecord
from dtf.domain.outcome import Outcome
from dtf.resilience.recovery import retry_delay_s

#: How often an infrastructure failure may send a job out again, as for dtf's jobs.
MAX_RETRIES = 3
#: The attempts that a job may have with all that is given back: twice those that it has without.
MOST_ATTEMPTS = 2 * (MAX_RETRIES + 1)


@dataclass(slots=True)
class JobState:
    """A job on its way.

    Attributes:
        job: Which.
        ready_s: From when on it may start.
        attempts: How many it had.
        charged: How many of them counted against its retries.
        waited_s: How long it was ready to start and did not.
        ended_s: When it was over.
        outcome: What it came to; INFRA: it was given up.
        running: Whether it runs.
    """

    job: Job
    ready_s: float
    attempts: int = 0
    charged: int = 0
    waited_s: float = 0.0
    ended_s: float | None = None
    outcome: Outcome | None = None
    running: bool = False

    @property
    def last(self) -> bool:
        """Whether the next attempt is the last one, should it fail and not be given back."""
        return self.charged >= MAX_RETRIES or self.attempts >= MOST_ATTEMPTS - 1


class WaitingQueue:
    """The jobs of a run: which may start, and what becomes of those that fail. The same for every arm.

    Args:
        jobs: All of them, by their arrival.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._states = {job.number: JobState(job=job, ready_s=job.arrives_s) for job in jobs}

    @property
    def is_done(self) -> bool:
        """Whether all jobs are over."""
        return all(state.outcome is not None for state in self._states.values())

    def ready(self, now_s: float) -> Iterator[JobState]:
        """The jobs that may start, the oldest first."""
        waiting = (state for state in self._states.values() if state.outcome is None and not state.running)
        return (state for state in waiting if state.ready_s <= now_s)

    def start(self, state: JobState, now_s: float) -> None:
        """An attempt begins."""
        state.running = True
        state.attempts += 1
        state.waited_s += now_s - state.ready_s

    def give_back(self, numbers: Sequence[int]) -> None:
        """Give jobs an attempt back; one that was given up already stays so, as its verdict was told."""
        for number in numbers:
            state = self._states[number]
            if state.outcome is None:
                state.charged = max(state.charged - 1, 0)

    def put_back(self, state: JobState, now_s: float) -> None:
        """An attempt ended that is to be as if it had not been."""
        state.running = False
        state.attempts -= 1
        state.ready_s = now_s

    def end(self, state: JobState, now_s: float, outcome: Outcome, refunds: Sequence[int]) -> None:
        """An attempt ended: the job is over, or runs again after a while as dtf's jobs do, or is given up."""
        state.running = False
        if outcome is not Outcome.INFRA:
            state.ended_s, state.outcome = now_s, outcome
            self.give_back([number for number in refunds if number != state.job.number])
            return
        # the pause grows with what was charged, as before the present one
        delay_s = retry_delay_s(state.charged)
        state.charged += 1
        self.give_back(refunds)
        if state.charged > MAX_RETRIES or state.attempts >= MOST_ATTEMPTS:
            state.ended_s, state.outcome = now_s, Outcome.INFRA
            return
        state.ready_s = now_s + delay_s

    def records(self, now_s: float) -> tuple[JobRecord, ...]:
        """What became of them until now."""
        return tuple(
            JobRecord(
                number=number,
                ended_s=None if state.ended_s is None else round(state.ended_s, 3),
                outcome=state.outcome,
                attempts=state.attempts,
                charged=state.charged,
                waited_s=round(state.waited_s + self._still_waits_s(state, now_s), 3),
            )
            for number, state in self._states.items()
        )

    @staticmethod
    def _still_waits_s(state: JobState, now_s: float) -> float:
        waits = state.outcome is None and not state.running
        return max(now_s - state.ready_s, 0.0) if waits else 0.0
