import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dtf.benchmarks.simulation.__main__ import main
from dtf.benchmarks.simulation.arms.belief import BeliefArm, BeliefSettings
from dtf.benchmarks.simulation.arms.catalogue import ARMS
from dtf.benchmarks.simulation.arms.consecutive import PYBREAKER, Consecutive
from dtf.benchmarks.simulation.arms.protocol import NEVER, Ending, Moved, Setting
from dtf.benchmarks.simulation.arms.window import RESILIENCE4J, Window
from dtf.benchmarks.simulation.chance import uniform
from dtf.benchmarks.simulation.conditions import CONDITIONS
from dtf.benchmarks.simulation.engine import Engine
from dtf.benchmarks.simulation.faults import Phase, Scenario, Schedule, draw_schedule
from dtf.benchmarks.simulation.jobs import Luck, SimulatedJob, Verdict, draw_jobs
from dtf.benchmarks.simulation.lab import Conditions, Lab, draw_lab
from dtf.benchmarks.simulation.measures import Books, Measures
from dtf.benchmarks.simulation.run import Run, planned, run_all
from dtf.benchmarks.simulation.simulate import simulate
from dtf.domain.breaker import BreakerState, Sign
from dtf.domain.errors import BadInputError

SHORT = Conditions(measured_s=900.0, warm_up_s=300.0)
MODES = (1.0, 0.0, 0.0)


def setting(seed: int, scenario: Scenario, conditions: Conditions = SHORT) -> Setting:
    """What an arm is told."""
    lab = draw_lab(seed, conditions)
    return Setting(lab=lab, conditions=conditions, schedule=draw_schedule(seed, scenario, lab, conditions))


def calm(lab: Lab) -> Lab:
    """The same laboratory without failures of its own."""
    return Lab(
        targets=tuple(replace(one, base_rate=0.0) for one in lab.targets),
        groups=tuple(replace(one, crash_rate=0.0) for one in lab.groups),
    )


def job(lab: Lab, index: int = 0, *, at: float = 0.0, duration_s: float = 10.0, pinned: int = 0) -> SimulatedJob:
    """A job that passes."""
    return SimulatedJob(
        index=index, at=at, group=lab.groups[0], duration_s=duration_s, pinned=pinned, verdict=Verdict.PASSES
    )


def outage(start: float, end: float, *, target: int = 0, fail: float = 1.0) -> Phase:
    """A time in which everything fails fast on a target."""
    return Phase(number=0, episode=0, target=target, start=start, end=end, fail=fail, modes=MODES)


@pytest.mark.parametrize("arm", ARMS)
def test_the_same_run_gives_the_same_figures(arm: str) -> None:
    """Every arm is determined by the seed; another seed gives another run."""
    first = simulate(arm, Scenario.OUTAGE, 3, SHORT)
    assert simulate(arm, Scenario.OUTAGE, 3, SHORT) == first
    assert simulate(arm, Scenario.OUTAGE, 4, SHORT) != first


def test_chance_belongs_to_what_it_is_for() -> None:
    """Draws are alike for the same identity, unlike for others, and spread over the unit interval."""
    assert uniform(1, 2, 3) == uniform(1, 2, 3)
    draws = [uniform(1, 2, n) for n in range(2000)]
    assert len(set(draws)) == 2000
    assert all(0 <= one < 1 for one in draws)
    assert sum(draws) / 2000 == pytest.approx(0.5, abs=0.03)


def test_all_arms_meet_the_same_luck() -> None:
    """How an attempt ends depends on the job, the attempt, the target and its phase, not on what was drawn before."""
    told = setting(5, Scenario.OUTAGE)
    jobs = draw_jobs(5, told.lab, told.schedule, SHORT)
    here, there = Luck(5, told.lab, SHORT), Luck(5, told.lab, SHORT)
    expected = [here.attempt(one, 0, 2, None) for one in jobs[:50]]
    for one in reversed(jobs):
        there.attempt(one, 1, 3, None)
    assert [there.attempt(one, 0, 2, None) for one in jobs[:50]] == expected


def test_schedules_do_not_depend_on_the_arm_and_phases_of_a_target_do_not_overlap() -> None:
    """The schedule is drawn before the run, and each target is in one phase at a time."""
    for scenario in Scenario:
        phases = setting(7, scenario).schedule.phases
        for one, following in pairwise(phases):
            assert one.number < following.number
        for target in range(11):
            own = sorted((one for one in phases if one.target == target), key=lambda one: one.start)
            assert all(one.end <= following.start + 1e-9 for one, following in pairwise(own))
    assert not setting(7, Scenario.QUIET).schedule.phases


def test_failed_seconds_are_those_during_the_fault() -> None:
    """A running attempt that a fault hits is counted from the fault's beginning, and burnt from its own."""
    conditions = replace(SHORT, warm_up_s=0.0, faults=replace(SHORT.faults, hit=1.0))
    lab = calm(draw_lab(1, conditions))
    told = Setting(lab=lab, conditions=conditions, schedule=Schedule(phases=(outage(4.0, 5.0),), bad_tests=()))
    measures = Engine(1, told, [job(lab)], ARMS["none"](told)).run()
    assert measures.affected == 1
    assert measures.lost == 0
    assert measures.burnt_s == pytest.approx(measures.failed_s + 4.0)
    assert 0 < measures.failed_s < 16.0
    assert measures.recovery_s > 0


def test_what_blocks_healthy_slots_costs_only_while_work_waits_for_them() -> None:
    """Three slots are kept from one waiting job: one slot is counted, from when the target is well again."""

    class Stubborn(Consecutive):
        def allows(self, target: int, now: float, job: SimulatedJob, *, last: bool) -> bool:
            return now >= 100.0 and super().allows(target, now, job, last=last)

        def look_at(self, target: int, now: float) -> float:  # noqa: ARG002  # the protocol's
            return 100.0 if now < 100.0 else NEVER

    conditions = replace(SHORT, warm_up_s=0.0)
    lab = calm(draw_lab(1, conditions))
    told = Setting(lab=lab, conditions=conditions, schedule=Schedule(phases=(outage(5.0, 60.0),), bad_tests=()))
    measures = Engine(1, told, [job(lab, at=10.0)], Stubborn(told, PYBREAKER)).run()
    assert measures.blocked_s == pytest.approx(40.0)
    assert measures.waiting_s == pytest.approx(90.0)
    assert measures.j2 == pytest.approx(40.0)
    assert measures.exposed == 1
    assert measures.exposed_delay_s == pytest.approx(90.0)


def test_a_lost_good_job_costs_two_minutes_and_counts_as_never_recovered() -> None:
    """Without a breaker a pinned job spends its attempts in a long outage."""
    conditions = replace(SHORT, warm_up_s=0.0)
    lab = calm(draw_lab(1, conditions))
    told = Setting(lab=lab, conditions=conditions, schedule=Schedule(phases=(outage(0.0, 800.0),), bad_tests=()))
    measures = Engine(1, told, [job(lab, at=1.0)], ARMS["none"](told)).run()
    assert (measures.lost, measures.affected_lost, measures.exposed_lost) == (1, 1, 1)
    assert measures.j2 == pytest.approx(measures.failed_s + 120.0)
    assert measures.recovery_s == 600.0


def test_j2_is_what_it_is_said_to_be() -> None:
    """Each part has its price."""
    zero: dict[str, Any] = dict.fromkeys(Measures.__dataclass_fields__, 0)
    parts = {
        "failed_s": 7.0,
        "blocked_s": 5.0,
        "lost": 2,
        "canaries_passed": 3,
        "canaries_failed": 9,
        "cancelled_s": 1.0,
    }
    assert Measures(**{**zero, **parts}).j2 == 7.0 + 5.0 + 240.0 + 3.0 + 1.0


def test_detection_and_false_trips_are_read_from_transitions() -> None:
    """An opening during a fault ends the delay; a fault that nobody saw counts whole; one without fault is false."""
    conditions = replace(SHORT, warm_up_s=0.0)
    lab = draw_lab(1, conditions)
    books = Books(Setting(lab=lab, conditions=conditions, schedule=Schedule(phases=(), bad_tests=())))
    for target in (0, 1):
        books.sick(target, 100.0, sick=True)
        books.sick(target, 160.0, sick=False)
    books.advance(900.0)
    closed, opened = BreakerState.CLOSED, BreakerState.OPEN
    measures = books.measures(
        [
            Moved(at=110.0, target=0, before=closed, after=opened),
            Moved(at=170.0, target=0, before=opened, after=closed),
            Moved(at=500.0, target=2, before=closed, after=opened),
            Moved(at=505.0, target=2, before=opened, after=closed),
        ]
    )
    assert (measures.episodes, measures.detected, measures.detection_s) == (2, 1, 70.0)
    assert measures.false_trips == 1
    assert measures.open_healthy_s == pytest.approx(3 * (10.0 + 5.0))
    assert measures.healthy_h == pytest.approx((11 * 900 - 120) / 3600)


def test_the_oracle_starts_nothing_on_a_sick_target() -> None:
    """Only what ran when a fault began is lost to it, and no good job in the end."""
    told = setting(11, Scenario.HARDWARE_WIDE, replace(SHORT, measured_s=3600.0))
    measures = simulate("oracle", Scenario.HARDWARE_WIDE, 11, told.conditions)
    assert measures.lost == 0
    assert measures.blocked_s == 0.0
    nothing = simulate("none", Scenario.HARDWARE_WIDE, 11, told.conditions)
    assert measures.failed_s < nothing.failed_s / 4


def ended(arm_job: SimulatedJob, now: float, sign: Sign, token: int = 0) -> Ending:
    """An attempt that ended on the first target."""
    return Ending(target=0, now=now, job=arm_job, ran_s=1.0, sign=sign, token=token, faulted=False)


def test_pybreakers_settings_open_at_five_in_a_row_and_try_one_call_after_a_minute() -> None:
    """As pybreaker is documented: a success ends the row; one trial call decides."""
    told = setting(1, Scenario.QUIET)
    arm = Consecutive(told, PYBREAKER)
    one = job(told.lab)
    for sign in [Sign.INFRA] * 4 + [Sign.WORKED] + [Sign.INFRA] * 4:
        arm.ended(ended(one, 1.0, sign))
    assert arm.allows(0, 1.0, one, last=False)
    arm.ended(ended(one, 2.0, Sign.CRASH))
    assert not arm.allows(0, 61.9, one, last=False)
    assert arm.allows(0, 62.0, one, last=False)
    token = arm.started(0, 62.0)
    assert not arm.allows(0, 62.0, one, last=False)
    arm.ended(ended(one, 63.0, Sign.WORKED, token))
    assert arm.allows(0, 63.0, one, last=False)
    assert arm.allows(1, 63.0, one, last=False)


def test_resilience4js_settings_need_a_hundred_calls_and_judge_ten_permitted_ones() -> None:
    """As resilience4j is documented: half of a full window of 100; ten calls when half-open."""
    told = setting(1, Scenario.QUIET)
    arm = Window(told, RESILIENCE4J)
    one = job(told.lab)
    for number in range(99):
        arm.ended(ended(one, 1.0, Sign.INFRA if number < 50 else Sign.WORKED))
    assert arm.allows(0, 1.0, one, last=False)
    arm.ended(ended(one, 1.0, Sign.WORKED))
    assert not arm.allows(0, 60.9, one, last=False)
    tokens = []
    while arm.allows(0, 61.0, one, last=False):
        tokens.append(arm.started(0, 61.0))
    assert len(tokens) == 10
    for number, token in enumerate(tokens):
        arm.ended(ended(one, 62.0, Sign.INFRA if number < 4 else Sign.WORKED, token))
    assert [move.after for move in arm.journal.moves] == [
        BreakerState.OPEN,
        BreakerState.HALF_OPEN,
        BreakerState.CLOSED,
    ]


def test_what_is_learned_differs_between_hardware_and_from_the_defaults() -> None:
    """After an hour of faults the learner takes flaky hardware for flakier than calm hardware, in the right order."""
    conditions = Conditions(measured_s=3600.0, warm_up_s=0.0)
    told = setting(2, Scenario.OUTAGE, conditions)
    arm = BeliefArm(told, BeliefSettings(learns=True))
    Engine(2, told, draw_jobs(2, told.lab, told.schedule, conditions), arm).run()
    learned = arm.learned
    rates = {one: learned.hardware[one].base_rate for one in ("cpu", "webgpu")}
    assert rates["cpu"] < 0.02 < rates["webgpu"]
    true = {str(one.target): one.base_rate for one in told.lab.targets}
    for name, target in learned.targets.items():
        assert target.base_rate == pytest.approx(min(max(true[name], 0.004), 0.35), abs=0.05)


def test_the_command_prints_what_the_raw_data_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table has a line for each arm and one for each that the learned one is held against."""
    file = tmp_path / "runs.jsonl"
    short = replace(SHORT, measured_s=120.0, warm_up_s=0.0)
    monkeypatch.setitem(CONDITIONS, "usual", short)
    run_all(planned(["none", "learned"], [Scenario.OUTAGE], range(1, 3)), short, file, processes=1)
    words = [
        "--seeds",
        "1:3",
        "--out",
        str(file),
        "--processes",
        "1",
        "--arms",
        "none+learned",
        "--scenarios",
        "outage",
    ]
    monkeypatch.setattr("sys.argv", ["simulation", *words])
    assert main() == 0
    table = capsys.readouterr().out
    figures = [json.loads(line) for line in file.read_text().splitlines()[1:]]
    mean = sum(one["figures"]["j2"] for one in figures if one["arm"] == "none") / 2
    assert f"{mean:.0f}" in next(line for line in table.splitlines() if line.startswith("none"))
    assert "learned against none" in table


def test_runs_are_kept_and_resumed(tmp_path: Path) -> None:
    """What is in the file is not made again; runs under other conditions are refused."""
    file = tmp_path / "runs.jsonl"
    short = replace(SHORT, measured_s=120.0, warm_up_s=0.0)
    runs = planned(["none", "oracle"], [Scenario.QUIET], range(1, 3))
    found = run_all(runs, short, file, processes=1)
    lines = file.read_text().splitlines()
    assert len(lines) == 5
    assert set(found) == set(runs)
    for killed in ("\n".join(lines[:-1]) + "\n", "\n".join(lines)[:-20], lines[0][:9]):  # in the middle of a line, too
        file.write_text(killed)
        assert run_all(runs, short, file, processes=1) == found
        assert len(file.read_text().splitlines()) == 5
    with pytest.raises(BadInputError, match="other conditions"):
        run_all([Run(arm="none", scenario=Scenario.QUIET, seed=9)], SHORT, file, processes=1)
    (tmp_path / "bad").write_text("no JSON\n")
    with pytest.raises(BadInputError, match="no raw data"):
        run_all(runs, short, tmp_path / "bad")
