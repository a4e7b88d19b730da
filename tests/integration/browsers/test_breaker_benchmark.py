"""A run of the breaker benchmark, in a real browser under a real failure."""

import asyncio
import os
from pathlib import Path

import psutil

from dtf.benchmarks.browsers.arms.catalogue import NONE, make_arm
from dtf.benchmarks.browsers.campaign import read_record, write_record
from dtf.benchmarks.browsers.episode import Episode
from dtf.benchmarks.browsers.job import Job, Work
from dtf.benchmarks.browsers.measures import measure_run
from dtf.benchmarks.browsers.records import RunRecord
from dtf.benchmarks.browsers.run import Run
from dtf.benchmarks.browsers.schedule import Plan, Schedule
from dtf.benchmarks.browsers.station import Station
from dtf.domain.failure import FailureType, Intensity
from dtf.domain.outcome import Outcome
from dtf.execution.browser_host.choice import BrowserChoice
from tests.integration.browsers.bench import are_gone
from tests.integration.pytest_executor.spawner import PlainSpawner
from tests.support.browsers import need_browser

_EPISODE = Episode(
    number=0,
    browser="headless-shell",
    failure=FailureType.API_ERROR,
    intensity=Intensity.MODERATE,
    start_s=0.8,
    length_s=2.5,
)
_JOBS = (
    Job(number=0, work=Work.ASSERTION, arrives_s=0.0, pinned="", seed=3),
    Job(number=1, work=Work.SHADER, arrives_s=1.0, pinned="headless-shell", seed=4),
)
_SCHEDULE = Schedule(
    plan=Plan(browsers=("headless-shell",), episodes=1, warm_up_s=0.0), seed=1, episodes=(_EPISODE,), jobs=_JOBS
)


async def _run(choice: BrowserChoice) -> tuple[RunRecord, set[int]]:
    spawner = PlainSpawner()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DTF_")}
    station = Station(0, choice, spawner, environment)
    try:
        record = await Run(_SCHEDULE, make_arm(NONE, _SCHEDULE, None), [station]).record(NONE, "key")
        roots = [psutil.Process(one.pid) for one in spawner.started if psutil.pid_exists(one.pid)]
        return record, {process.pid for root in roots for process in (root, *root.children(recursive=True))}
    finally:
        await station.end()


def test_a_job_meets_the_failure_as_long_as_it_lasts_and_then_recovers(tmp_path: Path) -> None:
    """In new browsers too, and confirmed each time; a false assertion fails as a test; and no process is left."""
    record, pids = asyncio.run(_run(need_browser("headless-shell")))
    failed = [use for use in record.uses if use.outcome is Outcome.INFRA]
    assert failed
    assert all((use.job, use.episode, use.confirmed) == (1, 0, True) for use in failed), failed
    assert all(use.cpu_s > 0 for use in failed)
    assert record.uses[-1].outcome is Outcome.PASSED
    assert record.uses[-1].began_s >= _EPISODE.end_s
    assert [job.outcome for job in record.jobs] == [Outcome.FAILED, Outcome.PASSED]
    figures = measure_run(record)
    assert (figures.episodes[0].affected, figures.episodes[0].affected_lost, figures.wrong) == (1, 0, 0)
    assert figures.episodes[0].recovery_s > 0
    assert "swiftshader (software)" in record.versions["headless-shell"]
    write_record(tmp_path / "run.json", record)
    assert read_record(tmp_path / "run.json") == record
    assert asyncio.run(are_gone(pids))
