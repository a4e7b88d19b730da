import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dtf.dashboard.live.facts.recovery import MOST_LATEST, recovery
from dtf.dashboard.live.seen import Seen
from dtf.domain.breaker import Target
from dtf.domain.failure import FailureType
from dtf.domain.recovery import LEVEL_OF, Recovery, RecoveryAction
from tests.support.moments import NOW, moment
from tests.support.nulls import has_null

_GPU = Target(hardware="cuda", name="GPU-1")
_MAYBE = st.none() | st.booleans()


def _seen(*told: Recovery, injections: tuple[dict[str, object], ...] = ()) -> Seen:
    return Seen(moment=moment(recoveries=told), runs_cluster=True, place="/s", injections=injections)


def _one(action: RecoveryAction = RecoveryAction.RETRY, **values: Any) -> Recovery:
    given_here: dict[str, Any] = {"target": _GPU, "failure": FailureType.GPU_ERROR, "succeeded": True, "at": NOW - 5}
    return Recovery(action=action, **(given_here | values))


def _injection(shard: str, attempt: int, **values: object) -> dict[str, object]:
    met = {"injection": "gpu_error severe", "confirmed": True, "recorded": True, "refused": ""}
    return {"shard": shard, "attempt": attempt, **met, **values}


_TOLD = st.lists(
    st.builds(
        Recovery,
        target=st.builds(Target, hardware=st.just("cuda"), name=st.text(min_size=1, max_size=5)),
        failure=st.sampled_from(FailureType),
        action=st.sampled_from(RecoveryAction),
        succeeded=st.booleans(),
        at=st.floats(0, NOW),
        time_s=st.floats(0, 99),
        stable=_MAYBE,
        job_recovered=_MAYBE,
        shard_id=st.sampled_from(("", "s1", "s2")),
        attempt=st.integers(0, 3),
    ),
    max_size=2 * MOST_LATEST,
)


@given(_TOLD)
def test_levels_strategies_and_failures_add_up(told: list[Recovery]) -> None:
    """Each recovery counts once in each of them; the strategies of a level make it up; there is no null anywhere."""
    value = recovery(_seen(*told))
    for parts in ("levels", "strategies", "failures"):
        for counted in ("tried", "succeeded", "impact", "settled", "judged"):
            assert sum(one[counted] for one in value[parts].values()) == value["all"][counted]
    for number, level in value["levels"].items():
        own = [one for one in value["strategies"].values() if str(one["level"]) == number]
        assert sum(one["tried"] for one in own) == level["tried"]
    for one in value["strategies"].values():
        assert sum(against["tried"] for against in one["failures"].values()) == one["tried"]
    assert not has_null(value)
    json.dumps(value, allow_nan=False)


def test_the_five_levels_are_always_there() -> None:
    """With all their strategies, in the words that users know; what was never tried has no rate."""
    value = recovery(_seen())
    assert [one["name"] for one in value["levels"].values()] == [
        "basic_retry",
        "enhanced_retry",
        "component_restart",
        "system_recovery",
        "full_recovery",
    ]
    assert {name: one["level"] for name, one in value["strategies"].items()} == {
        action.value: LEVEL_OF[action] for action in RecoveryAction
    }
    assert not {"success_rate", "recovery_time", "stability", "task_recovery"} & set(value["all"])


def test_what_a_strategy_achieved() -> None:
    """Its rate, median time, cost, impact, stability and what became of the jobs, and against which failures."""
    told = [
        _one(time_s=2.0, resource_s=1.5, stable=True, job_recovered=True),
        _one(time_s=4.0, failure=FailureType.CRASH),
        _one(succeeded=False, time_s=60.0, resource_s=60.0, impact=1, stable=False, job_recovered=False),
    ]
    one = recovery(_seen(*told))["strategies"]["retry"]
    assert (one["tried"], one["succeeded"], one["recovery_time"]) == (3, 2, 3.0)
    assert (one["resource_usage"], one["impact"], one["stability"], one["task_recovery"]) == (61.5, 1, 1.0, 0.5)
    assert one["failures"] == {"gpu_error": {"tried": 2, "succeeded": 1}, "crash": {"tried": 1, "succeeded": 1}}


def test_the_latest_come_first_and_long_words_are_cut() -> None:
    """Only so many are told one by one."""
    told = [_one(at=NOW - 999 + n, reason="x" * 10_000) for n in range(MOST_LATEST + 9)]
    latest = recovery(_seen(*told))["latest"]
    ats = [latest["rows"][name]["at"] for name in latest["order"]]
    assert ats == sorted((one.at for one in told), reverse=True)[:MOST_LATEST]
    assert len(latest["rows"][latest["order"][0]]["reason"]) < 1_000


def test_what_was_met_on_purpose_is_marked() -> None:
    """By the attempt that met it; an injection that was refused marks nothing, and is counted as refused."""
    told = [_one(shard_id="s1", attempt=1, at=NOW - 3), _one(shard_id="s1", attempt=2), _one(shard_id="s2", attempt=1)]
    refused = _injection(
        "s2", 1, injection="", refused="gpu_error severe: no GPU here", confirmed=False, recorded=False
    )
    value = recovery(_seen(*told, injections=(_injection("s1", 1), refused)))
    assert value["all"]["on_purpose"] == 1
    marked = [row for row in value["latest"]["rows"].values() if row["on_purpose"]]
    assert [(row["shard_id"], row["attempt"]) for row in marked] == [("s1", 1)]
    assert value["injections"] == {"gpu_error severe": {"met": 1, "confirmed": 1, "recorded": 1, "refused": 1}}
