"""dtf's own breakers, as dtf's jobs use them, with the learner beside them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dtf.benchmarks.browsers.arms.protocol import Journal, Moved, Refunds, Ticket
from dtf.benchmarks.browsers.arms.simulated import HARDWARE
from dtf.benchmarks.browsers.job import Job
from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.memory_store import MemoryStore
from dtf.breakers.permit import Permit, Recorded, Refusal
from dtf.domain.breaker import Sign, Target, Transition

if TYPE_CHECKING:
    from dtf.learning.learner import Learner

#: A job on its last attempt goes to no browser that is in doubt by more than this.
_DOUBT = 0.05
#: How much evidence the learner takes in at a time.
_MOST = 1000


class Product:
    """dtf's own breakers by ``dtf.breakers``, over the store in memory.

    Args:
        policy: By what they decide.
        learner: Learns from their evidence and publishes to them; None: nobody does.
    """

    def __init__(self, policy: BreakerPolicy, learner: "Learner | None" = None) -> None:
        config = BreakerConfig(policy=policy)
        self._store = MemoryStore(stale_s=config.stale_s)
        self._breakers = Breakers(self._store, config)
        self._learner = learner
        self._heard = ""
        self._transitions: list[Transition] = []
        self.journal = Journal()
        if learner is not None:
            self._store.publish(learner.publish(self._store.now()))

    def ask(self, browser: str, now_s: float, job: Job, *, last: bool) -> Ticket | None:  # noqa: ARG002  # the protocol's
        """A permit; what is on its last attempt goes nowhere that is in doubt."""
        if last and self.doubt(browser) > _DOUBT:
            return None
        return self._ticket(browser, canary=False)

    def ended(self, ticket: Ticket, now_s: float, job: Job, sign: Sign, ran_s: float) -> Refunds:
        """Record it."""
        permit = _permit(ticket)
        recorded = self._breakers.record(permit, sign, group=job.group, duration_s=ran_s, reference=str(job.number))
        return self._taken(recorded, now_s, (job.number,) if recorded.refund else ())

    def canary(self, browser: str, now_s: float) -> Ticket | None:  # noqa: ARG002  # the protocol's
        """Where the breaker wants one."""
        return self._ticket(browser, canary=True)

    def canary_ended(self, ticket: Ticket, now_s: float, ran_s: float, *, passed: bool) -> Refunds:
        """Record it."""
        sign = Sign.CANARY_PASSED if passed else Sign.CANARY_FAILED
        return self._taken(self._breakers.record(_permit(ticket), sign, duration_s=ran_s), now_s, ())

    def doubt(self, browser: str) -> float:
        """What the breaker believes; calm ones are alike."""
        record = self._store.read(_target(browser))
        bad = record.belief.bad if record else 0.0
        return bad if bad > _DOUBT else 0.0

    def learn(self) -> None:
        """Have the learner take in what happened, and publish."""
        if self._learner is None:
            return
        self._heard, records = self._store.heard(self._heard, _MOST)
        for record in records:
            self._learner.observe(record)
        for transition in self._transitions:
            self._learner.observe_transition(transition)
        self._transitions.clear()
        self._store.publish(self._learner.publish(self._store.now()))

    def kept(self) -> Mapping[str, Any]:
        """What the learner knows, and what it published last."""
        if self._learner is None:
            return {}
        return self._learner.snapshot()

    def _ticket(self, browser: str, *, canary: bool) -> Ticket | None:
        got = self._breakers.acquire((_target(browser),), canary=canary)
        return None if isinstance(got, Refusal) else Ticket(browser=browser, token=got)

    def _taken(self, recorded: Recorded, now_s: float, own: Refunds) -> Refunds:
        for one in recorded.transitions:
            self._transitions.append(one)
            self.journal.moves.append(
                Moved(at_s=now_s, browser=one.target.name, before=one.before, after=one.after, reason=one.reason)
            )
        return tuple(dict.fromkeys((*own, *map(int, recorded.refunds))))


def _target(browser: str) -> Target:
    return Target(hardware=HARDWARE, name=browser)


def _permit(ticket: Ticket) -> Permit:
    if not isinstance(ticket.token, Permit):
        raise TypeError(f"the ticket for {ticket.browser} is another arm's")
    return ticket.token
