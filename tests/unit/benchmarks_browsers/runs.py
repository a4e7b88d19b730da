"""Small runs for tests, made up by hand."""

from collections.abc import Sequence

from dtf.benchmarks.browsers.arms.protocol import Moved
from dtf.benchmarks.browsers.episode import Episode
from dtf.benchmarks.browsers.job import Job, Work
from dtf.benchmarks.browsers.records import NONE, BlockedRecord, JobRecord, RunRecord, UseRecord
from dtf.benchmarks.browsers.schedule import Plan, Schedule
from dtf.domain.breaker import BreakerState, Sign
from dtf.domain.failure import FailureType, Intensity
from dtf.domain.outcome import Outcome

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN


def an_episode(number: int, start_s: float, *, browser: str = "chromium", length_s: float = 20.0) -> Episode:
    """A crash that lasts."""
    return Episode(
        number=number,
        browser=browser,
        failure=FailureType.CRASH,
        intensity=Intensity.SEVERE,
        start_s=start_s,
        length_s=length_s,
    )


def a_job(number: int, arrives_s: float, *, pinned: str = "", work: Work = Work.PAGE) -> Job:
    """A job."""
    return Job(number=number, work=work, arrives_s=arrives_s, pinned=pinned, seed=number)


def a_use(
    job: int, began_s: float, outcome: Outcome = Outcome.INFRA, *, episode: int = NONE, s: float = 2.0
) -> UseRecord:
    """A use of chromium, of two seconds."""
    worked = outcome is not Outcome.INFRA
    return UseRecord(
        browser="chromium",
        job=job,
        began_s=began_s,
        ended_s=began_s + s,
        episode=episode,
        confirmed=True,
        sign=Sign.WORKED if worked else Sign.CRASH,
        outcome=outcome,
        reason="" if worked else "the browser crashed",
        seconds=s,
        cpu_s=1.0,
        injector_s=0.0,
        started=False,
    )


def an_end(number: int, ended_s: float | None, outcome: Outcome | None = Outcome.PASSED) -> JobRecord:
    """What became of a job."""
    return JobRecord(number=number, ended_s=ended_s, outcome=outcome, attempts=1, charged=0, waited_s=1.5)


def a_move(at_s: float, before: BreakerState, after: BreakerState) -> Moved:
    """A transition of chromium's breaker."""
    return Moved(at_s=at_s, browser="chromium", before=before, after=after, reason="2 failures where 1 % is normal")


def a_run(
    arm: str,
    episodes: Sequence[Episode],
    jobs: Sequence[Job],
    *,
    uses: Sequence[UseRecord] = (),
    ends: Sequence[JobRecord] = (),
    moves: Sequence[Moved] = (),
    blocked: Sequence[BlockedRecord] = (),
    seed: int = 1,
    lasted_s: float = 200.0,
) -> RunRecord:
    """The raw data of a run."""
    plan = Plan(browsers=("chromium", "firefox"), episodes=len(episodes), warm_up_s=0.0)
    return RunRecord(
        arm=arm,
        key="k",
        schedule=Schedule(plan=plan, seed=seed, episodes=tuple(episodes), jobs=tuple(jobs)),
        began_at=0.0,
        lasted_s=lasted_s,
        load=(0.5, 1.0),
        versions={"chromium": "1.0 on google swiftshader (software)", "firefox": "2.0 on a GPU"},
        uses=tuple(uses),
        jobs=tuple(ends),
        moves=tuple(moves),
        blocked=tuple(blocked),
    )
