"""What callers of breakers use."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from os import getpid
from time import monotonic
from typing import TypeVar
from uuid import uuid4

from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.copies import Copies
from dtf.breakers.errors import StoreUnavailableError
from dtf.breakers.memory_store import transition_of
from dtf.breakers.numbers import Numbers
from dtf.breakers.outage import Outage
from dtf.breakers.permit import Hold, Permit, Recorded, Refusal
from dtf.breakers.store import Account, BreakerStore
from dtf.domain.breaker import BAD_SIGNS, BreakerMode, BreakerState, Sign, Target
from dtf.resilience.breaker import Answer, BreakerRecord, Change, Evidence, Gate, refunds_retries
from dtf.resilience.breaker_params import BreakerParams, Policy
from dtf.resilience.likelihood import Rates, is_usual

T = TypeVar("T")


class Breakers:
    """Asks breakers for permits and tells them what came of it; safe between threads.

    A closed breaker costs a look into this process's copy, which is trusted for about a second. Where the shared store
    is away, this process decides by fixed breakers of its own until it is back; callers never see an error.

    Args:
        store: Where the breakers are.
        config: Their settings.
        rates: What is normal before anything is learned.
    """

    def __init__(self, store: BreakerStore, config: BreakerConfig | None = None, *, rates: Rates | None = None) -> None:
        self.store = store
        self.config = config or BreakerConfig()
        self.numbers = Numbers(self.config, rates)
        self._is_off = self.config.policy is BreakerPolicy.OFF
        self._refuses = self.config.policy is not BreakerPolicy.METRICS
        self._outage = Outage(self.config.away_s)
        self._copies = Copies(self.config.copy_s)
        self._ready = self._copies.ready
        self._names, self._count = uuid4().hex, count()

    @property
    def is_away(self) -> bool:
        """Whether the shared store is away, and this process decides by itself."""
        return self._outage.is_on

    def acquire(self, targets: tuple[Target, ...], *, canary: bool = False, name: str = "") -> Permit | Refusal:
        """Ask to use targets: all of them or none.

        Args:
            targets: Which.
            canary: Whether a canary is to be run; else it is real work.
            name: Names the probes' permits, unlike any other's; empty: it is chosen.
        """
        ready = self._ready.get(targets)
        if ready is not None and monotonic() < ready[0] and not canary:
            return ready[1]
        if self._is_off:
            return Permit(canary=canary)
        return self._acquire(targets, canary, name or self._name())

    def record(
        self, permit: Permit, sign: Sign, *, group: str = "", duration_s: float = 0.0, reference: str = ""
    ) -> Recorded:
        """Tell what was seen under a permit.

        Args:
            permit: Under which.
            sign: What was seen.
            group: The jobs that fail together: the suite, the task's name. Empty for a canary.
            duration_s: How long the attempt or the canary ran.
            reference: What names the job, should its retry be given back later; empty: nothing.
        """
        if self._is_off:
            return Recorded()
        self._look()
        account = Account(job_group=group)
        seen = [(hold, self._observe(hold, sign, account, reference, duration_s)) for hold in permit.holds]
        usual = self._refuses and any(is_usual(sign, self.numbers.weight(h.target, sign, group)[1]) for h, _ in seen)
        doubted = self._refuses and sign in BAD_SIGNS and any(refunds_retries(change.record) for _, change in seen)
        refunds = dict.fromkeys(name for _, change in seen for name in change.refunds) if self._refuses else {}
        return Recorded(
            refund=doubted or usual,
            usual=usual,
            refunds=tuple(refunds),
            transitions=tuple(transition_of(hold.target, change) for hold, change in seen if change.before is not None),
        )

    def give_back(self, permit: Permit) -> None:
        """Give a permit back unused."""
        for hold in permit.holds:
            if hold.probe and hold.local:
                self._outage.local.give_back(hold.target, hold.probe)
            elif hold.probe:
                self._shared(lambda store, hold=hold: store.give_back(hold.target, hold.probe))  # type: ignore[misc]

    def states(self) -> Mapping[Target, BreakerRecord]:
        """Every breaker, by its target; this process's own ones while the shared store is away."""
        found = self._shared(lambda store: store.all())
        return self._outage.local.all() if found is None else found

    def _name(self) -> str:
        """A name for a permit, unlike any other's; a fork has another process number."""
        return f"{self._names}-{getpid()}-{next(self._count)}"

    def _acquire(self, targets: tuple[Target, ...], canary: bool, name: str) -> Permit | Refusal:
        self._look()
        holds: list[Hold] = []
        for target in sorted(set(targets)):
            got = (None if canary else self._copies.hold(target)) or self._ask(target, canary, name)
            if isinstance(got, Refusal):
                self.give_back(Permit(holds=tuple(holds)))
                return got
            holds.append(got)
        permit = Permit(holds=tuple(holds), canary=canary)
        if not canary:
            self._copies.keep(targets, permit)
        return permit

    def _ask(self, target: Target, canary: bool, name: str) -> Hold | Refusal:
        params = self.numbers.params(target)
        gate = self._shared(lambda store: store.ask(target, params, permit=name, canary=canary))
        local = gate is None
        if gate is None:
            gate = self._outage.local.ask(target, self.numbers.local(target), permit=name, canary=canary)
        if gate.answer is Answer.REFUSED and (self._refuses or canary):
            self._copies.drop(target)
            forced = None if local or canary else self._shared(lambda store: store.forced_open_since(target))
            fixed = forced is None and (local or params.policy is Policy.FIXED)
            reason = self._reason(target, gate, local=local) if fixed else ""
            return Refusal(target=target, wait_s=gate.wait_s, bad=gate.bad, reason=reason, forced_since=forced)
        hold = _hold(target, gate, name, local=local)
        calm = gate.answer is Answer.GRANTED and gate.bad <= params.suspect_at
        if calm and not local:
            self._copies.put(hold)
        return hold

    def _reason(self, target: Target, gate: Gate, *, local: bool) -> str:
        """Why it opened; empty: it is closed, and only holds work back, or nobody knows."""
        if not gate.epoch:
            return ""
        if local:
            told = self._outage.local.transitions(target, 0)
        else:
            told = self._shared(lambda store: store.transitions(target, 0)) or ()
        openings = [one.reason for one in told if one.before is BreakerState.CLOSED]
        return openings[-1] if openings and told[-1].after is not BreakerState.CLOSED else ""

    def _observe(self, hold: Hold, sign: Sign, account: Account, reference: str, duration_s: float) -> Change:
        weight, normal = self.numbers.weight(hold.target, sign, account.job_group)
        evidence = Evidence(
            sign=sign,
            likelihood=weight,
            epoch=hold.epoch,
            permit=hold.probe,
            reference=reference,
            siblings=len(self._siblings(hold.target)) if sign in BAD_SIGNS and not hold.local else 0,
            normal=normal,
            duration_s=duration_s,
        )
        if hold.local:
            return self._outage.local.observe(hold.target, self.numbers.local(hold.target), evidence)
        params = self.numbers.params(hold.target)
        change = self._shared(lambda store: store.observe(hold.target, params, evidence, account))
        if change is None:
            return self._observe_locally(hold.target, evidence)
        self._renew(hold.target, change, params)
        if change.before is BreakerState.CLOSED and params.policy is Policy.BELIEF:
            self._warn_siblings(hold.target)
        if change.before is not None and change.record.state is BreakerState.CLOSED and params.policy is Policy.BELIEF:
            self._hasten_siblings(hold.target)
        return change

    def _observe_locally(self, target: Target, evidence: Evidence) -> Change:
        """The store went away since the permit was given: at least this process takes notice."""
        local = self._outage.local
        known = local.read(target)
        evidence = replace(evidence, epoch=known.epoch if known else 0, permit="", siblings=0)
        return local.observe(target, self.numbers.local(target), evidence)

    def _renew(self, target: Target, change: Change, params: BreakerParams) -> None:
        record = change.record
        forced = record.mode is BreakerMode.FORCED_CLOSED
        calm = record.state is BreakerState.CLOSED and record.belief.bad <= params.suspect_at
        if change.dropped or record.mode is BreakerMode.FORCED_OPEN or not (calm or forced):
            self._copies.drop(target)
        else:
            self._copies.put(Hold(target=target, epoch=record.epoch, bad=record.belief.bad))

    def _siblings(self, target: Target) -> list[Target]:
        within_s = self.config.sibling_within_s
        opened = self._shared(lambda store: store.opened_within(target.hardware, within_s)) or ()
        return [one for one in opened if one != target]

    def _warn_siblings(self, target: Target) -> None:
        """An opening makes the other targets of its hardware suspect: the cause may be theirs too."""
        factor = self.numbers.sibling_factor(target)
        for other in self._shared(lambda store: store.targets(target.hardware)) or ():
            if other != target:
                params = self.numbers.params(other)
                self._shared(lambda store, other=other, params=params: store.raise_belief(other, params, factor))  # type: ignore[misc]
                self._copies.drop(other)

    def _hasten_siblings(self, target: Target) -> None:
        """A close that probes confirmed lets the others of its hardware be probed: the cause may be gone there too."""
        for other, record in (self._shared(lambda store: store.all()) or {}).items():
            if other.hardware == target.hardware and record.state is BreakerState.OPEN:
                params = self.numbers.params(other)
                self._shared(lambda store, other=other, params=params: store.hasten(other, params))  # type: ignore[misc]

    def _look(self) -> None:
        """Take over what was learned, when it is time."""
        if self.numbers.is_due():
            self._shared(self.numbers.look)

    def _shared(self, call: Callable[[BreakerStore], T]) -> T | None:
        """What the shared store answers; None: it is away."""
        if not self._outage.is_due():
            return None
        began = monotonic()
        try:
            answer = call(self.store)
        except StoreUnavailableError as error:
            self._outage.began(error, monotonic() - began)
            return None
        self._outage.ended()
        return answer


def _hold(target: Target, gate: Gate, name: str, *, local: bool) -> Hold:
    probe = name if gate.answer is Answer.PROBE else ""
    return Hold(target=target, epoch=gate.epoch, bad=gate.bad, probe=probe, local=local)
