import json

from dtf.domain.breaker import BreakerState, Sign, Target, Transition
from dtf.domain.codec import from_json, to_json
from dtf.domain.early_warning import Forewarning, Vitals
from dtf.domain.evidence import EvidenceRecord
from dtf.domain.learned import Learned
from dtf.learning.early_warning_learner import EarlyWarningLearner
from dtf.learning.learner import Learner

CPU = Target(hardware="cpu", name="w@lab")
START = 1e6


class Leak:
    """A worker whose memory grows for half a minute once in five, until its breaker opens."""

    def __init__(self) -> None:
        self.acted: list[Target] = []
        self.memory: float | None = 0.1
        self.learner = EarlyWarningLearner(self.look, self.warn)

    def look(self) -> dict[Target, Vitals]:
        """As its heartbeat tells."""
        return {CPU: Vitals(memory=self.memory)}

    def warn(self, target: Target, said: Forewarning) -> None:
        """Note it."""
        assert said.warns
        self.acted.append(target)

    def live(self, rounds: int, start: float) -> Learned:
        """Let it leak so many times; what is published at the end."""
        learned = Learned()
        for at in (start + 300.0 * round_ for round_ in range(rounds)):
            for look in range(58):
                now = at + 5 * look
                self.memory = 0.1 + 0.1 * max(look - 52, 0)
                self.learner.observe(EvidenceRecord(at=now, target=CPU, sign=Sign.WORKED, job_group="g"))
                learned = self.learner.publish(now)
            self._move(at + 288, BreakerState.CLOSED, BreakerState.OPEN)
            self._move(at + 295, BreakerState.OPEN, BreakerState.CLOSED)
        return learned

    def _move(self, at: float, before: BreakerState, after: BreakerState) -> None:
        self.learner.observe_transition(Transition(target=CPU, before=before, after=after, epoch=1, at=at, reason="r"))


def test_of_a_target_that_is_gone_nothing_is_kept() -> None:
    """Of one that has a breaker it is, however long nobody heard of it."""
    leak = Leak()
    leak.live(1, START)
    leak.learner.forget([CPU], START + 1e8)
    assert leak.learner.snapshot()["early_failures"]
    leak.learner.forget([], START + 1e8)
    kept = leak.learner.snapshot()
    assert (kept["targets"], kept["early_failures"]) == ([], [])


def test_it_foresees_learns_publishes_and_acts_once_it_has_earned_it() -> None:
    """A leak is foreseen by the memory that the heartbeats tell; what was found goes through JSON."""
    leak = Leak()
    early = leak.live(10, START).early_warning
    assert early is not None
    assert early.tally.openings == 4, "of ten, five were only learned from, and the last one is not published yet"
    assert not leak.acted
    learned = leak.live(70, START + 1e5)
    assert leak.acted
    assert from_json(Learned, json.loads(json.dumps(to_json(learned)))) == learned
    known = learned.early_warning
    assert known is not None
    assert known.tally.precision > 0.8
    assert known.canaries == len(leak.acted)
    assert set(known.targets["cpu/w@lab"].vitals) == {"memory", "latency_drift", "failure_rate"}


def test_the_share_of_failures_is_that_of_the_last_jobs() -> None:
    """It is not known before one has ended; crashes and failures count, canaries do not."""
    leak = Leak()

    def shown() -> float | None:
        known = leak.learner.publish(START).early_warning
        return known.targets["cpu/w@lab"].vitals.get("failure_rate") if known else None

    assert shown() is None
    for sign in (Sign.WORKED, Sign.INFRA, Sign.CANARY_FAILED):
        leak.learner.observe(EvidenceRecord(at=START, target=CPU, sign=sign, job_group="g"))
    assert shown() == 0.2
    leak.learner.observe(EvidenceRecord(at=START, target=CPU, sign=Sign.CRASH, job_group="g"))
    assert 0.35 < (shown() or 0) < 0.37


def test_it_takes_up_what_another_leader_knew() -> None:
    """All of it, and also what a learner knew that did not look ahead."""
    leak, next_one = Leak(), Leak()
    leak.live(20, START)
    next_one.learner.restore(json.loads(json.dumps(leak.learner.snapshot())))
    next_one.memory = leak.memory
    before, after = (one.learner.publish(START + 1e5).early_warning for one in (leak, next_one))
    assert before is not None
    assert after == before
    old = Learner()
    old.observe(EvidenceRecord(at=START, target=CPU, sign=Sign.WORKED, job_group="g"))
    next_one.learner.restore(old.snapshot())
    again = next_one.learner.publish(START).early_warning
    assert again is not None
    assert again.looks == 0
