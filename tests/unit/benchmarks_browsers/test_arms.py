import copy

import pytest

from dtf.benchmarks.browsers.arms.catalogue import ARMS, COLD, CONSTANTS, FIXED, LEARNED, NONE, ORACLE, make_arm
from dtf.benchmarks.browsers.arms.protocol import Arm
from dtf.benchmarks.browsers.job import Job
from dtf.benchmarks.browsers.schedule import Plan, Schedule
from dtf.domain.breaker import Sign
from dtf.domain.errors import BadInputError
from tests.unit.benchmarks_browsers.runs import OPEN, a_job, an_episode

_PLAN = Plan(browsers=("chromium", "firefox"), episodes=1)
_SCHEDULE = Schedule(plan=_PLAN, seed=1, episodes=(an_episode(0, 10.0),), jobs=())
_JOB = a_job(0, 0.0)


def _fail(arm: Arm, times: int, job: Job = _JOB) -> list[tuple[int, ...]]:
    """Let jobs fail in chromium, as long as it is allowed; returns what each failure gave back."""
    given = []
    for number in range(times):
        ticket = arm.ask("chromium", float(number), job, last=False)
        if ticket is None:
            break
        given.append(arm.ended(ticket, number + 0.5, job, Sign.INFRA, 0.5))
    return given


@pytest.mark.parametrize("name", [name for name in ARMS if name not in (LEARNED, COLD)])
def test_each_arm_lets_work_through_as_long_as_nothing_is_wrong(name: str) -> None:
    """Each of 50 jobs in both browsers, without a canary and without a transition."""
    arm = make_arm(name, _SCHEDULE, None)
    for number in range(50):
        for browser in _PLAN.browsers:
            ticket = arm.ask(browser, number / 100, _JOB, last=False)
            assert ticket is not None
            assert arm.ended(ticket, number / 100, _JOB, Sign.WORKED, 0.1) == ()
            assert arm.canary(browser, number / 100) is None
            assert arm.doubt(browser) == 0.0
        arm.learn(number / 100)
    assert arm.journal.moves == []


def test_the_strong_fixed_breaker_opens_at_the_fourth_failure_and_gives_them_back() -> None:
    """The other browser stays as it was; the canary is due five seconds later."""
    arm = make_arm(FIXED, _SCHEDULE, None)
    assert _fail(arm, 10)[-1] == (0, 0, 0, 0)
    assert [(move.browser, move.after) for move in arm.journal.moves] == [("chromium", OPEN)]
    assert arm.ask("chromium", 4.0, _JOB, last=False) is None
    assert arm.ask("firefox", 4.0, _JOB, last=False) is not None
    assert arm.canary("chromium", 8.4) is None
    ticket = arm.canary("chromium", 8.6)
    assert ticket is not None
    arm.canary_ended(ticket, 9.0, 0.4, passed=True)
    assert arm.ask("chromium", 9.1, _JOB, last=False) is not None


def test_dtfs_breaker_asks_for_a_canary_and_opens_when_it_fails() -> None:
    """After a failure or two work is held until a canary has looked; its failure opens the breaker and gives back."""
    arm = make_arm(CONSTANTS, _SCHEDULE, None)
    failures = _fail(arm, 10)
    assert len(failures) <= 3
    assert arm.doubt("chromium") > 0.3
    ticket = arm.canary("chromium", 5.0)
    if not arm.journal.moves:
        assert ticket is not None
        assert arm.canary_ended(ticket, 5.5, 0.5, passed=False) == (0,)
    assert arm.journal.moves[0].after is OPEN
    assert "where 2 % is normal" in arm.journal.moves[0].reason
    assert arm.ask("chromium", 6.0, _JOB, last=False) is None
    assert arm.kept()["numbers"]["chromium"]["policy"] == "belief"


def test_a_job_on_its_last_attempt_goes_nowhere_that_is_in_doubt() -> None:
    """One failure is enough for that, and not for others."""
    arm = make_arm(CONSTANTS, _SCHEDULE, None)
    assert len(_fail(arm, 1)) == 1
    assert arm.ask("chromium", 1.0, _JOB, last=True) is None
    assert arm.ask("firefox", 1.0, _JOB, last=True) is not None


def test_the_oracle_refuses_exactly_what_is_sick() -> None:
    """Where and while the episode lasts."""
    arm = make_arm(ORACLE, _SCHEDULE, None)
    asked = {at: arm.ask("chromium", at, _JOB, last=False) is not None for at in (9.9, 10.0, 29.9, 30.0)}
    assert asked == {9.9: True, 10.0: False, 29.9: False, 30.0: True}
    assert arm.ask("firefox", 15.0, _JOB, last=False) is not None


def test_without_a_breaker_everything_goes_on() -> None:
    """A hundred failures change nothing, and nothing is given back."""
    assert _fail(make_arm(NONE, _SCHEDULE, None), 100) == [()] * 100


def test_an_unknown_arm_is_refused() -> None:
    """With the names that there are."""
    with pytest.raises(BadInputError, match="there is no arm 'best'; there are none, pybreaker settings"):
        make_arm("best", _SCHEDULE, None)


def test_the_time_between_two_runs_is_no_healthy_time() -> None:
    """What was learned an hour ago is restored without that hour."""
    cold = make_arm(COLD, _SCHEDULE, None)
    for _ in range(3):
        ticket = cold.ask("chromium", 0.0, _JOB, last=False)
        assert ticket is not None
        cold.ended(ticket, 0.0, _JOB, Sign.WORKED, 0.1)
    learner = copy.deepcopy(dict(cold.kept()["learner"]))
    (target,) = learner["targets"]
    target[2]["outages"]["healthy_s"] = 20.0
    target[2]["outages"]["closed_at"] -= 3600.0
    warm = make_arm(LEARNED, _SCHEDULE, learner)
    (again,) = warm.kept()["learner"]["targets"]
    assert 20.0 <= again[2]["outages"]["healthy_s"] < 25.0
