import json
import math
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dtf.breakers.status import BreakerStatus
from dtf.dashboard.live.facts.breakers import breakers
from dtf.dashboard.live.seen import Seen
from dtf.domain.breaker import BreakerMode, BreakerState, Target
from dtf.domain.early_warning import EarlyWarnings, TargetWarnings, WarningTally
from dtf.domain.learned import Learned, LearnedTarget
from dtf.domain.ports.breakers import BreakerView, refuses
from dtf.domain.quarantine import Quarantine
from tests.support.moments import NOW, moment, worker
from tests.support.nulls import has_null

_GPU = Target(hardware="cuda", name="GPU-1")


def _status(target: Target = _GPU, **view: Any) -> BreakerStatus:
    values: dict[str, Any] = {
        "state": BreakerState.CLOSED,
        "mode": BreakerMode.AUTO,
        "since": NOW - 9,
        "bad": 0.01,
    } | view
    return BreakerStatus(
        view=BreakerView(target=target, **values),
        age_s=9.0,
        probes=0,
        threshold=2,
        default_threshold=4,
        base_rate=0.01,
        default_base_rate=0.02,
        why_fixed="",
        learned=LearnedTarget(evidence=12),
    )


def _seen(*found: BreakerStatus, **values: Any) -> Seen:
    given_here: dict[str, Any] = {
        "moment": moment(),
        "runs_cluster": True,
        "place": "/s",
        "breakers": found,
        "policy": "learned",
    }
    return Seen(**(given_here | values))


_VIEWS = st.builds(
    BreakerView,
    target=st.builds(Target, hardware=st.sampled_from(("cpu", "cuda")), name=st.text(min_size=1, max_size=8)),
    state=st.sampled_from(BreakerState),
    mode=st.sampled_from(BreakerMode),
    since=st.floats(0, NOW),
    bad=st.floats(0, 1),
    epoch=st.integers(0, 9),
    reason=st.text(max_size=8),
)


@given(st.lists(_VIEWS, unique_by=lambda view: view.target))
def test_each_breaker_stands_there_once_as_it_is(views: list[BreakerView]) -> None:
    """Whatever its name: its state, mode and belief, and whether it lets work through."""
    told = breakers(_seen(*(replace(_status(), view=view) for view in views)))
    assert set(told["targets"]) == {str(view.target) for view in views}
    for view in views:
        one = told["targets"][str(view.target)]
        assert (one["state"], one["mode"], one["since"], one["epoch"]) == (
            view.state,
            view.mode,
            view.since,
            view.epoch,
        )
        assert math.isclose(one["bad"], view.bad, abs_tol=1e-4)
        assert one["refuses"] is refuses(view)
        assert one.get("reason", "") == view.reason
    assert not has_null(told)
    json.dumps(told, allow_nan=False)


def test_thresholds_stand_beside_their_defaults() -> None:
    """One that is not closed has none, and does not say so with a null."""
    fixed = replace(_status(Target(hardware="cpu", name="a")), threshold=None, default_threshold=None, why_fixed="few")
    told = breakers(_seen(_status(), fixed))
    gpu, cpu = told["targets"]["cuda/GPU-1"], told["targets"]["cpu/a"]
    assert (gpu["failures_to_open"], gpu["default_failures_to_open"]) == (2, 4)
    assert (gpu["base_rate"], gpu["default_base_rate"]) == (0.01, 0.02)
    assert gpu["learned"]["evidence"] == 12
    assert told["defaults"]["base_rate"] == LearnedTarget().base_rate
    assert not {"failures_to_open", "default_failures_to_open"} & set(cpu)
    assert cpu["why_fixed"] == "few"
    assert "why_fixed" not in gpu


def test_breakers_that_cannot_be_had_say_why() -> None:
    """It is not told that there are none."""
    told = breakers(_seen(breakers=None, breaker_problem="the broker does not answer"))
    assert (told["known"], told["problem"]) == (False, "the broker does not answer")
    assert breakers(_seen(breakers=None))["problem"] == "no cluster runs"
    assert "problem" not in breakers(_seen())


def test_early_warnings_with_how_good_they_were() -> None:
    """Of all targets and of one; a target that nobody looked at has none."""
    tally = WarningTally(warnings=10, right=7, openings=8, foreseen=7, lead_s=20)
    targets = {
        "cuda/GPU-1": TargetWarnings(probability=0.123456, at=NOW + 0.4, tally=tally),
        "cpu/a": TargetWarnings(probability=0.0, at=0.0),
    }
    learned = Learned(early_warning=EarlyWarnings(tally=tally, looks=100, followed=5, targets=targets))
    told = breakers(_seen(_status(), _status(Target(hardware="cpu", name="a")), learned=learned))
    overall = told["early_warning"]
    assert (overall["precision"], overall["recall"], overall["chance"], overall["acts"]) == (0.7, 7 / 8, 0.05, False)
    assert told["targets"]["cuda/GPU-1"]["foreseen"] == {
        "probability": 0.1235,
        "at": NOW,
        "warnings": 10,
        "openings": 8,
    }
    assert "foreseen" not in told["targets"]["cpu/a"]


def test_a_figure_that_is_no_number_is_not_known() -> None:
    """JSON has no word for infinity, and a page that is sent one shows nothing at all."""
    odd = replace(_status(), learned=LearnedTarget(hazard_per_s=math.inf, outage_log_mean=math.nan))
    learned = breakers(_seen(odd))["targets"]["cuda/GPU-1"]["learned"]
    assert not {"hazard_per_s", "outage_log_mean"} & set(learned)
    assert learned["base_rate"] == LearnedTarget().base_rate


def test_what_is_in_quarantine_is_told_with_them() -> None:
    """By target and worker: a device that two workers share may be in quarantine on one of them."""
    inside = Quarantine(target=_GPU, slots=(1,), for_s=4.4, reason="no canary passed")
    told = breakers(_seen(moment=moment(workers=[worker("a", quarantine=(inside,)), worker("b")])))
    assert told["quarantine"] == {
        "cuda/GPU-1 a": {
            "target": "cuda/GPU-1",
            "worker": "a",
            "slots": [1],
            "since": round(NOW - 4.4),
            "reason": "no canary passed",
        }
    }
