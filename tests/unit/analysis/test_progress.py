from dataclasses import replace

import pytest

from dtf.analysis.progress import done_share, remaining_s
from dtf.domain.ports.views import RunView

RUN = RunView(
    run_id="r1",
    name="",
    created_at=100.0,
    started_at=100.0,
    finished_at=None,
    outcome=None,
    reason="",
    labels={},
    jobs=2,
    jobs_finished=0,
    attempts=1,
    cases={},
    expected=1000,
    running=0,
    running_failed=0,
    shards={},
)


def test_the_pace_so_far_is_carried_on() -> None:
    """Half of the tests in 30 s: 30 s more."""
    run = replace(RUN, cases={"passed": 400}, running=100)

    assert remaining_s(run, now=130.0) == pytest.approx(30.0)


def test_at_the_beginning_the_prediction_counts() -> None:
    """Before the first test is reported there is nothing else."""
    assert remaining_s(RUN, now=105.0, predicted_left_s=80.0, slots=2) == 40.0
    assert remaining_s(RUN, now=105.0) is None


def test_in_between_both_count() -> None:
    """A tenth is done: prediction and observation weigh the same."""
    run = replace(RUN, cases={"passed": 100})

    assert remaining_s(run, now=110.0, predicted_left_s=100.0, slots=2) == pytest.approx((90.0 + 50.0) / 2)


def test_a_finished_run_has_no_time_left() -> None:
    """Whatever its counts say."""
    assert remaining_s(replace(RUN, finished_at=120.0), now=130.0) == 0.0


def test_without_tests_the_jobs_are_counted() -> None:
    """A run of commands."""
    assert done_share(replace(RUN, expected=0, jobs_finished=1)) == 0.5
    assert done_share(replace(RUN, expected=0, jobs=0)) == 0.0
