"""Openings by chance are not taken for outages, and outages still are."""

import json

import pytest

from dtf.domain.breaker import BreakerState, Sign, Target, Transition
from dtf.domain.evidence import EvidenceRecord
from dtf.learning.learner import Learner
from tests.support.noisy_calls import Caller, Traffic

PAY = Target(hardware="celery", name="pay")


@pytest.mark.parametrize(("failing", "per_s"), [(0.18, 50.0), (0.30, 20.0)])
def test_chance_is_not_learned_as_outages(failing: float, per_s: float) -> None:
    """Where calls fail each for itself and nothing is broken hardly any is refused, once so much is known."""
    toll = Caller(Traffic(failing=failing, per_s=per_s, length_s=180.0, warm_up_s=90.0)).run()
    assert toll.refused_share <= 0.05
    assert toll.learned.base_rate == pytest.approx(failing, rel=0.35)
    assert toll.learned.outages <= 1


@pytest.mark.parametrize("seed", range(4))
def test_where_canaries_look_hardly_any_opening_comes_by_chance(seed: int) -> None:
    """They are asked before, and pass: nothing is refused once so much is known, and the rate is learned."""
    toll = Caller(Traffic(failing=0.25, per_s=1.0, length_s=400.0, warm_up_s=90.0, canary=True, seed=seed)).run()
    assert toll.refused_share <= 0.01
    assert toll.learned.base_rate == pytest.approx(0.25, rel=0.35)
    assert toll.learned.outages <= 1


def test_outages_beside_the_noise_are_seen_and_learned() -> None:
    """Each is seen within seconds, spares most of its calls, and counts."""
    outages = ((150.0, 210.0), (350.0, 390.0), (550.0, 640.0))
    toll = Caller(Traffic(failing=0.18, per_s=4.0, length_s=720.0, outages=outages)).run()
    assert len(toll.seen_s) == 3
    assert max(toll.seen_s) < 15
    assert toll.spared / toll.broken > 0.7
    assert toll.refused_share <= 0.05
    assert toll.learned.outages == 3
    assert toll.learned.hazard_per_s > 1 / 1500


class Told:
    """What a breaker without a canary tells a learner, one call a second."""

    def __init__(self) -> None:
        self.learner = Learner()
        self.at, self.epoch = 1000.0, 0

    def calls(self, *failed: int, believed: float = 0.0) -> None:
        """Calls that ended in the breaker's state of now; 1: it failed."""
        for one in failed:
            self.at += 1
            self.learner.observe(
                EvidenceRecord(
                    at=self.at,
                    target=PAY,
                    sign=Sign.INFRA if one else Sign.WORKED,
                    job_group="g",
                    believed=believed,
                    epoch=self.epoch,
                )
            )

    def moves(self, before: BreakerState, after: BreakerState) -> None:
        """A transition."""
        self.epoch += 1
        self.learner.observe_transition(
            Transition(target=PAY, epoch=self.epoch, at=self.at, before=before, after=after, reason="told by the test")
        )

    def opens_and_closes(self, *probes: int) -> None:
        """Three failures open it, the probes return, and it closes."""
        self.calls(1, 1, 1)
        self.moves(BreakerState.CLOSED, BreakerState.OPEN)
        self.at += 4
        self.calls(*probes, believed=0.9)
        self.moves(BreakerState.OPEN, BreakerState.CLOSED)


def told(*probes: int) -> Told:
    """A target of which every sixth call fails, and an opening with its probes."""
    told = Told()
    told.calls(*([0, 0, 0, 0, 0, 1] * 40))
    told.opens_and_closes(*probes)
    return told


def test_an_opening_whose_probes_work_is_evidence_of_the_base_rate() -> None:
    """The failures that led to it are usual failures, and there was no outage."""
    kept, base = told(0, 0, 0), Told()
    base.calls(*([0, 0, 0, 0, 0, 1] * 40))
    learned = kept.learner.publish(kept.at).target(PAY)
    assert learned.outages == 0
    assert learned.base_rate > base.learner.publish(kept.at + 60).target(PAY).base_rate


def test_an_opening_whose_probes_fail_is_an_outage() -> None:
    """It counts, its length is learned, and what failed before it is not usual."""
    kept, chance = told(1, 1, 1, 1, 1, 0, 0), told(0, 0, 0)
    learned = kept.learner.publish(kept.at + 60).target(PAY)
    assert learned.outages == 1
    assert learned.outage_log_mean < 4
    assert learned.base_rate < chance.learner.publish(kept.at + 60).target(PAY).base_rate


def test_a_probe_that_fails_among_those_that_work_does_not_bear_an_opening_out() -> None:
    """It fails as often as calls of this target do."""
    assert told(0, 1, 0, 0, 0, 1, 0, 0).learner.publish(2000.0).target(PAY).outages == 0


def test_openings_where_canaries_look_always_count() -> None:
    """They are asked before an opening, so that hardly any comes by chance, however soon it closes again."""
    told = Told()
    told.calls(*([0, 0, 0, 0, 0, 1] * 40))
    told.learner.observe(EvidenceRecord(at=told.at, target=PAY, sign=Sign.CANARY_PASSED))
    told.opens_and_closes(0, 0, 0)
    assert told.learner.publish(told.at).target(PAY).outages == 1


def test_what_a_learner_knows_of_an_open_breaker_is_restored() -> None:
    """The next learner judges an opening that this one saw begin."""
    first, again = Told(), Told()
    first.calls(*([0] * 60), 1, 1, 1)
    first.moves(BreakerState.CLOSED, BreakerState.OPEN)
    first.calls(1, 1, 1, believed=0.9)
    again.learner.restore(json.loads(json.dumps(first.learner.snapshot())))
    again.at, again.epoch = first.at, first.epoch
    for one in (first, again):
        one.calls(1, 0, 0, believed=0.9)
        one.moves(BreakerState.OPEN, BreakerState.CLOSED)
    assert again.learner.publish(3000.0) == first.learner.publish(3000.0)
    assert again.learner.publish(3000.0).target(PAY).outages == 1


def test_a_breaker_that_was_lost_while_open_does_not_stop_its_learning() -> None:
    """Its store lost its data: it is closed again, and calls teach as before."""
    lost = Told()
    lost.calls(*([0] * 30), 1, 1)
    lost.moves(BreakerState.CLOSED, BreakerState.OPEN)
    lost.learner.lost(PAY, lost.at)
    lost.epoch = 0
    before = lost.learner.publish(lost.at).target(PAY).evidence
    lost.calls(*([0] * 30))
    assert lost.learner.publish(lost.at + 60).target(PAY).evidence == before + 30
