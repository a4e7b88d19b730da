from typing import Any

import pytest

from dtf.analysis.health import LATELY_S, WEIGHTS, health
from dtf.domain.breaker import Target
from dtf.domain.outcome import Outcome
from dtf.domain.ports.views import LeaderView
from dtf.domain.quarantine import Quarantine
from dtf.domain.worker import Device, DeviceState, WorkerState
from tests.support.moments import NOW, alarm, moment, task, worker

GPU = Device(kind="cuda", name="H100", uuid="GPU-1")
NOBODY = LeaderView(holder="", term=3, expires_in_s=0)


def _less(told: dict[str, Any], *without: str) -> None:
    """Assert that nothing but some parts is less than it could be."""
    assert {name for name, part in told["parts"].items() if part["value"] < 1} == set(without), told


def test_the_weights_come_to_a_hundred() -> None:
    """So that the score is from 0 to 100."""
    assert sum(WEIGHTS.values()) == 100


def test_an_idle_laboratory_is_healthy() -> None:
    """Nothing waits, nothing ran, no breaker was asked: nothing of that is wrong."""
    told = health(moment(workers=[worker("a", GPU)]))
    assert (told["score"], told["status"]) == (100, "healthy")
    _less(told)


def test_where_no_cluster_is_there_is_no_score() -> None:
    """It is not known to be ill either."""
    assert health(moment(), is_running=False) == {"status": "not running"}


def test_failing_tests_take_nothing_from_it() -> None:
    """They are about what is tested; jobs that the infrastructure ended are not, for a while."""
    failed = [task(outcome=Outcome.FAILED)] * 9
    told = health(moment(workers=[worker()], tasks=failed))
    assert told["score"] == 100
    told = health(moment(workers=[worker()], tasks=[*failed, task(outcome=Outcome.INFRA)]))
    assert told["parts"]["jobs"] == {
        "value": 0.9,
        "weight": 5,
        "good": 9,
        "total": 10,
        "words": "jobs that ended in the last 15 minutes had a verdict of their own",
    }
    _less(told, "jobs")
    long_ago = task(outcome=Outcome.INFRA, finished_at=NOW - LATELY_S)
    _less(health(moment(workers=[worker()], tasks=[long_ago])))


@pytest.mark.parametrize(
    ("earlier", "trend"), [(100.0, "steady"), (97.5, "steady"), (97.0, "better"), (60.0, "better")]
)
def test_the_trend_is_against_the_mean_before(earlier: float, trend: str) -> None:
    """A little up and down is no trend; where nothing is known of before, there is none."""
    told = health(moment(workers=[worker()]), earlier=earlier)
    assert (told["score"], told["trend"], told["earlier"]) == (100, trend, earlier)
    worse = health(moment(workers=[worker()], leader=NOBODY), earlier=earlier)
    assert worse["trend"] == "worse"
    assert "trend" not in health(moment(workers=[worker()]))


def test_without_a_leader_the_rest_counts_for_little() -> None:
    """Nothing is dispatched then, however good workers and devices are."""
    told = health(moment(workers=[worker()], leader=NOBODY))
    assert (told["score"], told["status"]) == (40, "unhealthy")
    _less(told, "leader")


def test_without_workers_nothing_runs() -> None:
    """Whether they are silent, went away, or were never there."""
    for workers in ([], [worker(seen_at=NOW - 31)], [worker(state=WorkerState.OFFLINE)]):
        told = health(moment(workers=workers))
        assert (told["score"], told["status"]) == (40, "unhealthy")
        _less(told, "workers")


def test_a_worker_that_went_lately_is_missed() -> None:
    """For a while, and not where it came back under its name; one that drains is there."""
    gone = worker("b", state=WorkerState.OFFLINE, seen_at=NOW - 20)
    told = health(moment(workers=[worker("a"), worker("c"), gone]))
    assert (told["parts"]["workers"]["good"], told["parts"]["workers"]["total"]) == (2, 3)
    assert told["score"] == round(100 - WEIGHTS["workers"] / 3)
    long_ago = worker("b", state=WorkerState.OFFLINE, seen_at=NOW - LATELY_S)
    for workers in ([worker("a"), long_ago], [worker("a"), gone, worker("b")]):
        _less(health(moment(workers=workers)))
    _less(health(moment(workers=[worker("a"), worker("b", state=WorkerState.DRAINING)])))


def test_a_queue_that_nobody_serves_counts_when_work_waits_in_it() -> None:
    """Breakers that close all its slots are as bad as nobody; what only runs is served."""
    here = [worker("a"), worker("b", GPU, queues=("cuda",))]
    waits = {"cpu": {"queued": 5}, "cuda": {"queued": 1, "claimed": 1}}
    _less(health(moment(workers=here, backlog=waits)))
    told = health(moment(workers=here[:1], backlog=waits))
    assert told["parts"]["queues"]["value"] == 0.5
    _less(told, "queues")
    _less(health(moment(workers=here[:1], backlog={"cuda": {"claimed": 1}})))
    told = health(moment(workers=here, backlog=waits), refusing=[Target(hardware="cuda", name="b")], breakers=4)
    assert told["parts"]["breakers"]["value"] == 0.75
    _less(told, "queues", "breakers")


def test_breakers_that_do_not_answer_are_no_good_sign() -> None:
    """Workers ask them through the broker, and hints go the same way."""
    told = health(moment(workers=[worker()]), refusing=None)
    assert told["score"] == 85
    _less(told, "breakers")


@pytest.mark.parametrize("broken", ["failed", "quarantined"])
def test_devices_that_cannot_be_used_count(broken: str) -> None:
    """Whether they were found broken or broke; what is on workers that are not there does not count."""
    bad = Device(kind="cuda", name="H100", uuid="GPU-2", state=DeviceState.FAILED, reason="no driver")
    kept = Quarantine(target=Target(hardware="cuda", name="GPU-2"), slots=(1,), for_s=5, reason="canary failed")
    good = Device(kind="cuda", name="H100", uuid="GPU-2")
    ill = worker("a", GPU, bad) if broken == "failed" else worker("a", GPU, good, quarantine=(kept,))
    told = health(moment(workers=[ill]))
    assert (told["parts"]["devices"]["good"], told["parts"]["devices"]["total"]) == (1, 2)
    _less(told, "devices")
    draining = worker("b", bad, state=WorkerState.DRAINING)
    _less(health(moment(workers=[worker("a"), draining])))


def test_one_shard_that_needs_an_operator_is_enough() -> None:
    """It is as bad as many: somebody has to look."""
    told = health(moment(workers=[worker()], backlog={"cpu": {"claimed": 1000}}, alarms=[alarm()]))
    assert told["score"] == 95
    assert told["parts"]["operators"]["good"] == 999
    _less(told, "operators")
