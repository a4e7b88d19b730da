import json
from dataclasses import replace

import pytest

from dtf.domain.breaker import BreakerState, Sign, Target, Transition
from dtf.domain.codec import from_json, to_json
from dtf.domain.evidence import EvidenceRecord
from dtf.domain.learned import BASE_RATE_BOUNDS, Learned
from dtf.learning.learner import ABSENT_S, FORGOTTEN_S, MOST_ABSENT, TOGETHER_WITHIN_S, Learner

CUDA = Target(hardware="cuda", name="a")
ROCM = Target(hardware="rocm", name="b")


def job(at: float, target: Target, sign: Sign, group: str = "suite", *, believed: float = 0.0) -> EvidenceRecord:
    """A job's end."""
    return EvidenceRecord(at=at, target=target, sign=sign, job_group=group, duration_s=8.0, believed=believed, epoch=1)


def moved(at: float, target: Target, before: BreakerState, after: BreakerState) -> Transition:
    """A transition of a breaker."""
    return Transition(target=target, epoch=1, at=at, before=before, after=after, reason="told by the test")


def outage(learner: Learner, target: Target, start: float, end: float) -> None:
    """An outage, as a breaker tells it."""
    learner.observe_transition(moved(start, target, BreakerState.CLOSED, BreakerState.OPEN))
    for at in range(4):
        learner.observe(job(start + 5 + 2 * at, target, Sign.CANARY_FAILED, "", believed=0.95))
    learner.observe_transition(moved(end - 1, target, BreakerState.OPEN, BreakerState.HALF_OPEN))
    learner.observe_transition(moved(end, target, BreakerState.HALF_OPEN, BreakerState.CLOSED))


def experienced() -> Learner:
    """One that saw a flaky target with long outages on one hardware, and a calm one on another."""
    learner = Learner()
    for at in range(0, 4000, 5):
        learner.observe(job(at, CUDA, Sign.INFRA if at % 50 == 0 else Sign.WORKED))
        learner.observe(job(at, ROCM, Sign.WORKED, "other"))
    for start in range(5000, 9000, 500):
        outage(learner, CUDA, start, start + 300)
    return learner


def test_the_base_rate_of_a_flaky_target_is_learned_and_differs_from_that_of_other_hardware() -> None:
    """A target on which every tenth job fails is taken for such a one, within a third; the calm one keeps the floor."""
    learned = experienced().publish(9000.0)
    assert learned.target(CUDA).base_rate == pytest.approx(0.1, rel=0.34)
    assert learned.target(ROCM).base_rate < 0.01
    assert learned.target(CUDA).base_rate > 5 * learned.target(ROCM).base_rate
    # an unseen target is what its hardware is
    assert learned.target(Target(hardware="cuda", name="new")).base_rate == pytest.approx(0.1, rel=0.34)


def test_hazard_and_outages_are_learned_from_transitions() -> None:
    """Eight outages of 300 s raise the hazard above the calm hardware's and move the median from one minute."""
    learned = experienced().publish(9000.0)
    assert learned.target(CUDA).hazard_per_s > 3 * learned.target(ROCM).hazard_per_s
    assert 5.2 < learned.target(CUDA).outage_log_mean < 5.8
    assert learned.target(CUDA).outages == 8


def test_what_failed_just_before_an_opening_is_not_normal() -> None:
    """The failures that led to an opening leave the base rate where it was."""
    learner = Learner()
    for at in range(0, 1000, 5):
        learner.observe(job(at, CUDA, Sign.WORKED))
    before = learner.publish(1100.0).target(CUDA).base_rate
    for at in range(1100, 1106):
        learner.observe(job(at, CUDA, Sign.INFRA))
    outage(learner, CUDA, 1107, 1200)
    assert learner.publish(1300.0).target(CUDA).base_rate == pytest.approx(before)


def test_a_group_that_crashes_everywhere_is_found_within_a_few_jobs() -> None:
    """Three crashes of a group on two healthy targets make crashes its own; other groups stay as they were."""
    learner = Learner()
    for at in range(0, 300, 5):
        learner.observe(job(at, CUDA, Sign.WORKED, "sound"))
    for at, target in ((300, CUDA), (301, ROCM), (302, CUDA)):
        learner.observe(job(at, target, Sign.CRASH, "broken"))
    learned = learner.publish(303.0)
    assert learned.group("broken").failure_rate > 0.4
    assert learned.group("sound").failure_rate < 0.02


def test_hardware_whose_targets_open_together_is_told_from_hardware_whose_targets_open_alone() -> None:
    """Of four openings side by side half had a sibling that opened just before; those far apart had none."""
    learner = Learner()
    siblings = [Target(hardware="rocm", name=name) for name in ("b", "c")]
    lonely = [Target(hardware="cuda", name=name) for name in ("a", "d")]
    for start in (1000.0, 3000.0, 5000.0, 7000.0):
        for n in range(2):
            outage(learner, siblings[n], start + 5 * n, start + 100)
        for n in range(2):
            outage(learner, lonely[n], start + 900 * n, start + 900 * n + 60)
    learned = learner.publish(9000.0)
    assert learned.hardware["rocm"].sibling_rate == pytest.approx(4 / 9)
    assert learned.hardware["cuda"].sibling_rate == 0.0


def test_nothing_is_learned_where_the_target_is_believed_bad() -> None:
    """Failures on a target that is believed bad are no evidence of what is normal."""
    learner = Learner()
    for at in range(100):
        learner.observe(job(at, CUDA, Sign.INFRA, believed=0.6))
    assert learner.publish(1000.0) == Learner().publish(1000.0)


def test_rates_stay_in_their_bounds() -> None:
    """Failures only, or successes only, never make a rate of 1 or 0."""
    learner = Learner()
    for at in range(2000):
        learner.observe(job(at, CUDA, Sign.INFRA))
        learner.observe(job(at, ROCM, Sign.WORKED))
    learned = learner.publish(4000.0)
    assert (learned.target(ROCM).base_rate, learned.target(CUDA).base_rate) == BASE_RATE_BOUNDS


def test_latency_drift_is_learned_and_its_change_is_told_once() -> None:
    """A target that becomes twice as slow is seen to drift, and the detector tells of it in one publication."""
    learner = Learner()
    for at in range(400):
        for target, slow in ((CUDA, 1.0), (ROCM, 2.5 if at >= 200 else 1.0)):
            learner.observe(
                EvidenceRecord(at=at, target=target, sign=Sign.WORKED, job_group="g", duration_s=8.0 * slow)
            )
    learned = learner.publish(401.0)
    assert learned.target(ROCM).latency_drift > learned.target(CUDA).latency_drift + 0.3
    assert learned.target(ROCM).drift_detected
    assert not learner.publish(402.0).target(ROCM).drift_detected


def test_a_restored_learner_goes_on_as_the_one_that_was_kept() -> None:
    """A snapshot goes through JSON, and both learners publish the same from then on."""
    kept = experienced()
    kept.publish(9000.0)
    restored = Learner()
    restored.restore(json.loads(json.dumps(kept.snapshot())))
    for learner in (kept, restored):
        learner.publish(9000.0)
        learner.observe(job(9001, CUDA, Sign.INFRA))
        outage(learner, ROCM, 9100, 9130)
    published = kept.publish(9200.0)
    again = restored.publish(9200.0)
    assert _close(to_json(again), to_json(published))


def test_an_outage_goes_on_in_who_restores_it() -> None:
    """It lasted as long as its breaker was open, whoever looked."""
    learner, restored = Learner(), Learner()
    learner.observe_transition(moved(1000, CUDA, BreakerState.CLOSED, BreakerState.OPEN))
    restored.restore(json.loads(json.dumps(learner.snapshot())))
    for each in (learner, restored):
        each.publish(1100.0)
        each.observe_transition(moved(1200, CUDA, BreakerState.HALF_OPEN, BreakerState.CLOSED))
    assert restored.publish(1300.0) == replace(learner.publish(1300.0), version=2)


def test_targets_that_are_gone_are_forgotten() -> None:
    """Of pods with ever new names the latest are kept for a while; what has a breaker stays as long as that."""
    learner = Learner()
    pods = [Target(hardware="cpu", name=f"pod-{number}") for number in range(5000)]
    for number, pod in enumerate(pods):
        learner.observe(job(1e6 + number, pod, Sign.WORKED))
        learner.observe_transition(moved(1e6 + number, pod, BreakerState.CLOSED, BreakerState.OPEN))
    assert len(learner.snapshot()["opened"]) <= TOGETHER_WITHIN_S + 1
    present, seen = set(pods[:10]), 1e6 + 5000

    def left(now: float) -> int:
        learner.forget(present, now)
        assert all(learner.knows(pod) for pod in present)
        return len(learner.snapshot()["targets"])

    assert left(seen) == 5000
    assert left(seen + ABSENT_S) == MOST_ABSENT + 10
    assert learner.knows(pods[-1])
    assert left(seen + FORGOTTEN_S) == 10
    assert len(learner.publish(seen + FORGOTTEN_S).targets) == 10


def _close(one: object, other: object) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_close(one[key], other[key]) for key in one)
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, rel=1e-9)
    return one == other


def test_a_snapshot_of_another_format_is_refused() -> None:
    """What cannot be understood is told, and nothing is half restored."""
    learner = experienced()
    with pytest.raises(ValueError, match="format 99"):
        learner.restore({"format": 99})
    assert learner.publish(9000.0).target(CUDA).outages == 8


def test_what_is_published_goes_through_json() -> None:
    """Workers read it as JSON."""
    learned = experienced().publish(9000.0)
    assert from_json(Learned, json.loads(json.dumps(to_json(learned)))) == learned
