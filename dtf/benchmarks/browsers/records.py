"""The raw data of a run: what was seen, without any judgement. All times are seconds from the beginning of the run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dtf.benchmarks.browsers.arms.protocol import Moved
from dtf.benchmarks.browsers.schedule import Schedule
from dtf.domain.breaker import Sign
from dtf.domain.outcome import Outcome

#: No episode, or no job.
NONE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class UseRecord:
    """One use of a browser: an attempt of a job, or a canary.

    Attributes:
        browser: Where.
        job: The job's number; -1: a canary.
        began_s: When it began.
        ended_s: When the slot was free again.
        episode: The episode that lasted when it began; -1: none.
        confirmed: Whether the episode's fault was injected and seen; True where there was none.
        sign: What it said about the browser.
        outcome: The verdict; INFRA where there was none.
        reason: Why, for people.
        seconds: How long the slot was busy, without the injector's part.
        cpu_s: The processor time of the browser and its host meanwhile, without the injector's part.
        injector_s: The injector's part.
        started: Whether a browser had to be started.
        probe: Whether the job stood in for a canary: where it did not pass the attempt counts for nothing.
    """

    browser: str
    job: int
    began_s: float
    ended_s: float
    episode: int
    confirmed: bool
    sign: Sign
    outcome: Outcome
    reason: str
    seconds: float
    cpu_s: float
    injector_s: float
    started: bool
    probe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """What became of a job.

    Attributes:
        number: Which.
        ended_s: When it was over; None: it was not when the run ended.
        outcome: Its verdict; INFRA: it was given up; None: it was not over.
        attempts: How many it had.
        charged: How many of them counted against its retries.
        waited_s: How long it was ready to start and did not, over all attempts.
    """

    number: int
    ended_s: float | None
    outcome: Outcome | None
    attempts: int
    charged: int
    waited_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedRecord:
    """Time in which a healthy, idle browser was refused to work that waited for it.

    Attributes:
        browser: Which.
        after_episode: The episode that it had last; -1: none yet.
        seconds: How long, over the whole run.
    """

    browser: str
    after_episode: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """All of a run.

    Attributes:
        arm: The arm's name.
        key: What the run was made from: revision of the code and how it was set; one with another key is no substitute.
        schedule: What happened, the same for all arms.
        began_at: When, in seconds since the epoch.
        lasted_s: How long.
        load: The machine's load average before and after it.
        versions: The browsers' versions and adapters, by name.
        uses: All uses of browsers, by their end.
        jobs: All jobs.
        moves: The breaker's transitions.
        blocked: Where and when healthy browsers were refused.
        kept: What a learning arm knew at the end.
    """

    arm: str
    key: str
    schedule: Schedule
    began_at: float
    lasted_s: float
    load: tuple[float, float]
    versions: Mapping[str, str]
    uses: tuple[UseRecord, ...]
    jobs: tuple[JobRecord, ...]
    moves: tuple[Moved, ...]
    blocked: tuple[BlockedRecord, ...]
    kept: Mapping[str, Any] = field(default_factory=dict)
