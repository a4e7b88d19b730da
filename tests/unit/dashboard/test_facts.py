import json
from typing import Any

from dtf.breakers.status import BreakerStatus
from dtf.dashboard.live.facts.alarms import alarms
from dtf.dashboard.live.facts.cluster import cluster
from dtf.dashboard.live.facts.queues import queues
from dtf.dashboard.live.facts.runs import runs
from dtf.dashboard.live.seen import Seen
from dtf.domain.breaker import BreakerMode, BreakerState, Target
from dtf.domain.learned import LearnedTarget
from dtf.domain.outcome import Outcome
from dtf.domain.ports.breakers import BreakerView
from dtf.domain.ports.monitor import Totals
from dtf.domain.ports.views import LeaderView
from dtf.domain.worker import Device, WorkerState
from tests.support.moments import NOW, alarm, moment, run, worker


def _seen(*, running: bool = True, breakers: list[BreakerStatus] | None = None, **values: Any) -> Seen:
    return Seen(
        moment=moment(**values), runs_cluster=running, place="state directory /s", breakers=breakers, policy="learned"
    )


def _breaker(target: Target, state: BreakerState) -> BreakerStatus:
    view = BreakerView(target=target, state=state, mode=BreakerMode.AUTO, since=NOW - 9, bad=0.9)
    return BreakerStatus(
        view=view,
        age_s=9.0,
        probes=0,
        threshold=None,
        default_threshold=None,
        base_rate=0.01,
        default_base_rate=0.01,
        why_fixed="",
        learned=LearnedTarget(),
    )


def _nulls(value: object) -> bool:
    """Whether there is a null anywhere: in a patch it would mean that a member is gone."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value is None or any(_nulls(one) for one in inner)


def test_the_cluster_at_a_glance() -> None:
    """Counts are the ledger's; cancelled jobs say nothing about success; skipped ones are no failures."""
    totals = Totals(
        runs=4,
        runs_open=1,
        jobs_waiting=5,
        jobs_running=2,
        jobs={"passed": 6, "skipped": 1, "failed": 1, "cancelled": 9},
    )
    here = [worker("a"), worker("b", busy_slots=2), worker("c", state=WorkerState.DRAINING)]
    told = cluster(
        _seen(totals=totals, workers=here, backlog={"cpu": {"queued": 3, "claimed": 2}, "cuda": {"queued": 1}})
    )
    wanted = {"active_workers": 2, "draining_workers": 1, "slots": 6, "busy_slots": 4, "total_tasks": 24}
    wanted |= {"jobs_waiting": 5, "jobs_running": 2, "queued_shards": 4, "claimed_shards": 2, "runs_open": 1}
    assert {name: told[name] for name in wanted} == wanted
    assert told["success_rate"] == 7 / 8
    assert not _nulls(told)
    json.dumps(told, allow_nan=False)


def test_what_is_not_known_is_missing() -> None:
    """No verdict yet, so no success rate; breakers that do not answer are not counted as closed."""
    told = cluster(_seen())
    assert "success_rate" not in told
    assert "breakers_refusing" not in told
    way = _breaker(Target(hardware="cpu", name="a"), BreakerState.OPEN)
    other = _breaker(Target(hardware="cpu", name="b"), BreakerState.CLOSED)
    told = cluster(_seen(breakers=[way, other]))
    assert (told["breakers"], told["breakers_refusing"]) == (2, 1)


def test_it_says_what_does_not_run() -> None:
    """With the command that starts it."""
    nobody = LeaderView(holder="", term=0, expires_in_s=0)
    assert "leader" not in cluster(_seen(leader=nobody))
    (one,) = cluster(_seen(running=False, leader=nobody))["missing"]
    assert (one["what"], one["start"]) == ("cluster", "dtf up")
    assert "/s" in one["words"]
    assert [one["start"] for one in cluster(_seen(leader=nobody))["missing"]] == ["dtf coordinator", "dtf worker"]
    assert cluster(_seen(workers=[worker()]))["missing"] == []
    assert [one["what"] for one in cluster(_seen(workers=[worker(seen_at=NOW - 60)]))["missing"]] == ["worker"]


def test_runs_in_their_order() -> None:
    """One that is over has its makespan; what an attempt reported, and is not accepted yet, counts as done."""
    over = run(
        run_id="r2", started_at=NOW - 50, finished_at=NOW - 20, outcome=Outcome.FAILED, reason="too many failures"
    )
    told = runs(_seen(runs=[run(cases={"passed": 3, "failed": 1}, running=2, expected=12), over]))
    assert told["order"] == ["r1", "r2"]
    assert (told["r1"]["cases_done"], told["r1"]["expected"], told["r1"]["done_share"]) == (6, 12, 0.5)
    assert "makespan_s" not in told["r1"]
    assert (told["r2"]["makespan_s"], told["r2"]["outcome"], told["r2"]["reason"]) == (
        30,
        "failed",
        "too many failures",
    )
    assert not _nulls(told)


def test_long_names_are_cut_and_it_is_said() -> None:
    """A megabyte would go to every page with each change."""
    told = runs(_seen(runs=[run(name="<b>" * 400_000, labels={str(n): "x" * 999 for n in range(99)})]))
    assert told["r1"]["name"].startswith("<b><b>")
    assert told["r1"]["name"].endswith("… (1199800 more characters)")
    assert len(json.dumps(told)) < 6_000


def test_queues_and_who_takes_what_waits_in_them() -> None:
    """An idle queue is there as long as somebody serves it; what nobody serves, or breakers hold, says why."""
    gpu = worker("b", Device(kind="cuda", name="H100", uuid="GPU-1"), queues=("cuda",))
    waits = {"cpu": {"claimed": 2}, "cuda": {"queued": 4}, "rocm": {"queued": 1}}
    told = queues(_seen(workers=[worker("a"), gpu], backlog=waits, breakers=[]))
    assert told["cpu"] == {"queued": 0, "claimed": 2, "workers": 1, "slots": 2}
    assert told["cuda"] == {"queued": 4, "claimed": 0, "workers": 1, "slots": 2}
    assert "rocm" in told["rocm"]["why"]
    assert "dtf worker -Q rocm" in told["rocm"]["advice"]
    assert set(queues(_seen(workers=[gpu]))) == {"cuda"}
    open_one = _breaker(Target(hardware="cuda", name="b"), BreakerState.OPEN)
    told = queues(_seen(workers=[gpu], backlog=waits, breakers=[open_one]))
    assert "cuda/b" in told["cuda"]["why"]


def test_alarms_in_their_order() -> None:
    """The oldest first, with where it was and why."""
    told = alarms(_seen(alarms=[alarm(shard_id="s2", at=NOW - 9), alarm()]))
    assert told["order"] == ["s2", "s1"]
    assert (told["s2"]["failures"], told["s2"]["worker"]) == (3, "celery@lab1")
    assert told["s1"]["reason"] == "the device did not come back"
