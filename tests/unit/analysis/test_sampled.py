import math

from dtf.analysis.sampled import FRESH_S, MOST_SERIES, sampled
from dtf.domain.worker import WorkerState
from tests.support.moments import NOW, moment, worker


def test_each_figure_has_a_series() -> None:
    """Workers, their devices, the queues that somebody serves or that have something, jobs and the health score."""
    lab1 = worker("a", cpu_percent=12.5, memory_percent=40.0, busy_slots=2, devices={"GPU-1": {"temperature_c": 61.0}})
    found = sampled(moment(workers=(lab1,), backlog={"cuda": {"queued": 3}}), (), 0)

    assert 0 <= found.pop("health/score") <= 100
    assert found == {
        "jobs/waiting": 0.0,
        "jobs/running": 0.0,
        "queue/cpu/queued": 0.0,
        "queue/cpu/claimed": 0.0,
        "queue/cuda/queued": 3.0,
        "queue/cuda/claimed": 0.0,
        "worker/id-a/cpu_percent": 12.5,
        "worker/id-a/memory_percent": 40.0,
        "worker/id-a/busy_slots": 2.0,
        "device/GPU-1/temperature_c": 61.0,
    }


def test_what_is_not_known_has_no_sample() -> None:
    """Of workers that are gone or silent there is none, nor of numbers that are none."""
    gone = worker("gone", state=WorkerState.OFFLINE)
    silent = worker("silent", seen_at=NOW - FRESH_S - 1)
    broken = worker("broken", cpu_percent=math.nan, devices={"GPU-1": {"temperature_c": math.inf}})

    found = sampled(moment(workers=(gone, silent, broken)), None, 0)

    assert [name for name in found if name.startswith(("worker/", "device/"))] == [
        "worker/id-broken/memory_percent",
        "worker/id-broken/busy_slots",
    ]


def test_there_are_no_more_series_than_the_table_can_bear() -> None:
    """Beyond the bound single workers are left out, never the figures of the whole laboratory."""
    found = sampled(moment(workers=tuple(worker(str(n)) for n in range(MOST_SERIES))), (), 0)

    assert len(found) == MOST_SERIES
    assert {"health/score", "jobs/waiting", "queue/cpu/queued"} <= found.keys()
