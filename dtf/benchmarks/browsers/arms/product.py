"""dtf's own breakers, as dtf's jobs use them, with the learner beside them."""

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from dtf.benchmarks.browsers.arms.protocol import Journal, Moved, Refunds, Ticket
from dtf.benchmarks.browsers.arms.simulated import HARDWARE
from dtf.benchmarks.browsers.job import Job, Work
from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.learning_loop import INTERVAL_S, LearningLoop
from dtf.breakers.memory_store import MemoryStore
from dtf.breakers.permit import Permit, Recorded, Refusal
from dtf.domain.breaker import BreakerState, Sign, Target
from dtf.resilience.breaker import failures_to_open, rest_s
from dtf.resilience.looking_first import CANARY_S, STAND_IN_TRIES, stands_in

#: A job on its last attempt goes to no browser that is in doubt by more than this.
_DOUBT = 0.05


class _Snapshots:
    """Keeps the learner's snapshot in this process."""

    def __init__(self, learner: Mapping[str, Any] | None) -> None:
        # what it knows is kept, and not its place in the evidence of another run's store
        self._kept = (
            None if not learner else {"format": 1, "after": "", "epochs": [], "learner": _without_when(learner)}
        )

    def load(self) -> Mapping[str, Any] | None:
        """The last one."""
        return self._kept

    def save(self, snapshot: Mapping[str, Any]) -> None:
        """Keep one in place of the last."""
        self._kept = dict(snapshot)


class Product:
    """dtf's own breakers by ``dtf.breakers``, over the store in memory.

    Args:
        browsers: Their names.
        policy: By what they decide.
        learns: Whether a learner takes in their evidence and publishes to them, as in the coordinator.
        learner: What that learner begins with; None: nothing.
    """

    def __init__(
        self,
        browsers: tuple[str, ...],
        policy: BreakerPolicy,
        *,
        learns: bool = False,
        learner: Mapping[str, Any] | None = None,
    ) -> None:
        config = BreakerConfig(policy=policy)
        self._browsers = browsers
        self._store = MemoryStore(stale_s=config.stale_s)
        self._breakers = Breakers(self._store, config)
        self._snapshots = _Snapshots(learner)
        self._loop = LearningLoop(self._store, self._snapshots) if learns else None
        self._learned_s = 0.0
        self._canary_s: dict[str, float] = {}
        self._canary_next: set[str] = set()
        self._rests_until: dict[str, float] = {}
        self._tried: Counter[int] = Counter()
        self.journal = Journal()
        if self._loop is not None:
            self._loop.turn()  # here, as it imports River

    def ask(self, browser: str, now_s: float, job: Job, *, last: bool) -> Ticket | None:  # noqa: ARG002  # the protocol's
        """A permit; what is on its last attempt goes nowhere that is in doubt."""
        if last and self.doubt(browser) > _DOUBT:
            return None
        return self._ticket(browser, canary=False)

    def ended(self, ticket: Ticket, now_s: float, job: Job, sign: Sign, ran_s: float) -> Refunds:
        """Record it."""
        recorded = self._breakers.record(
            _permit(ticket), sign, group=job.group, duration_s=ran_s, reference=str(job.number)
        )
        return self._taken(recorded, now_s, (job.number,) if recorded.refund else ())

    def canary(self, browser: str, now_s: float) -> Ticket | None:
        """Where the breaker wants one, and no rest is kept."""
        if now_s < self._rests_until.get(browser, 0.0):
            return None
        return self._ticket(browser, canary=True)

    def stands_in(self, browser: str, job: Job) -> bool:
        """Where its breaker is not closed, and such jobs are known to be short."""
        record = self._store.read(_target(browser))
        if record is None or record.state is BreakerState.CLOSED or self._tried[job.number] >= STAND_IN_TRIES:
            return False
        if browser in self._canary_next:
            return False
        expected_s = self._breakers.numbers.expected_s(_target(browser), job.group)
        return stands_in(expected_s, self._canary_s.get(browser, CANARY_S))

    def stand_in_ended(self, ticket: Ticket, now_s: float, job: Job, ran_s: float, *, passed: bool) -> Refunds:
        """What passed is a probe that did; what did not says nothing, and a canary follows, at once or after a rest."""
        if passed:
            return self.ended(ticket, now_s, job, Sign.WORKED, ran_s)
        self._breakers.give_back(_permit(ticket))
        self._canary_next.add(ticket.browser)
        if job.work is not Work.ASSERTION:  # whose failure is its own
            self._rests_until[ticket.browser] = now_s + rest_s(ran_s, self._breakers.config.probe_every_s)
        self._tried[job.number] += 1
        return ()

    def canary_ended(self, ticket: Ticket, now_s: float, ran_s: float, *, passed: bool) -> Refunds:
        """Record it."""
        sign = Sign.CANARY_PASSED if passed else Sign.CANARY_FAILED
        self._canary_next.discard(ticket.browser)
        if passed:
            self._canary_s[ticket.browser] = ran_s
        return self._taken(self._breakers.record(_permit(ticket), sign, duration_s=ran_s), now_s, ())

    def doubt(self, browser: str) -> float:
        """What the breaker believes; calm ones are alike."""
        record = self._store.read(_target(browser))
        bad = record.belief.bad if record else 0.0
        return bad if bad > _DOUBT else 0.0

    def learn(self, now_s: float) -> None:
        """Have the learner take its turn, as often as in dtf."""
        if self._loop is not None and now_s - self._learned_s >= INTERVAL_S:
            self._learned_s = now_s
            self._loop.turn()

    def kept(self) -> Mapping[str, Any]:
        """The learner's snapshot, and the numbers by which each breaker decides now."""
        numbers = {browser: self._numbers(browser) for browser in self._browsers}
        if self._loop is None:
            return {"numbers": numbers}
        self._loop.turn()
        self._loop.save()
        snapshot = self._snapshots.load() or {}
        return {"numbers": numbers, "learner": snapshot.get("learner", {})}

    def _numbers(self, browser: str) -> Mapping[str, Any]:
        target = _target(browser)
        tuned, rates = self._breakers.numbers.tuned(target), self._breakers.numbers.rates(target, "")
        record, params = self._store.read(target), tuned.params
        likelihood, _ = self._breakers.numbers.weight(target, Sign.INFRA, "")
        return {
            "policy": str(params.policy),
            "why_fixed": tuned.why_fixed,
            "base_rate": rates.base,
            "bad_every_s": 1 / params.bad_rate if params.bad_rate > 0 else math.inf,
            "outage_median_s": params.outage_median_s,
            "failures_to_open": failures_to_open(record, params, likelihood) if record else params.failures_to_open,
        }

    def _ticket(self, browser: str, *, canary: bool) -> Ticket | None:
        got = self._breakers.acquire((_target(browser),), canary=canary)
        return None if isinstance(got, Refusal) else Ticket(browser=browser, token=got)

    def _taken(self, recorded: Recorded, now_s: float, own: Refunds) -> Refunds:
        for one in recorded.transitions:
            self.journal.moves.append(
                Moved(at_s=now_s, browser=one.target.name, before=one.before, after=one.after, reason=one.reason)
            )
        return tuple(dict.fromkeys((*own, *map(int, recorded.refunds))))


def _without_when(learner: Mapping[str, Any]) -> Mapping[str, Any]:
    """A snapshot without the times of its run: the time since then was no healthy time of any browser."""
    targets = []
    for hardware, name, model in learner["targets"]:
        closed = {
            "closed_at": None,
            "epoch": None,
            "outages": {**model["outages"], "opened_at": None, "closed_at": None},
            "base_rate": {**model["base_rate"], "held": False},
        }
        targets.append([hardware, name, {**model, **closed}])
    return {**learner, "targets": targets, "opened": []}


def _target(browser: str) -> Target:
    return Target(hardware=HARDWARE, name=browser)


def _permit(ticket: Ticket) -> Permit:
    if not isinstance(ticket.token, Permit):
        raise TypeError(f"the ticket for {ticket.browser} is another arm's")
    return ticket.token
