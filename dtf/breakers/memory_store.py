"""Breakers of one process: where nothing is shared, and while Redis is away."""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from threading import Lock

from dtf.breakers.store import KEPT_TRANSITIONS, Account
from dtf.domain.breaker import BreakerMode, BreakerState, Target, Transition
from dtf.domain.clock import Clock, SystemClock
from dtf.domain.evidence import EvidenceRecord
from dtf.domain.learned import Learned
from dtf.resilience import breaker
from dtf.resilience.breaker import BreakerRecord, Change, Evidence, Gate
from dtf.resilience.breaker_params import BreakerParams


class MemoryStore:
    """A ``BreakerStore`` in this process; safe between threads.

    Args:
        clock: Its time.
        stale_s: So old, what was published is stale.
        kept_evidence: How many pieces of evidence are kept for the learner.
    """

    def __init__(self, clock: Clock | None = None, *, stale_s: float = 120.0, kept_evidence: int = 10000) -> None:
        self._clock = clock or SystemClock()
        self._stale_s = stale_s
        self._lock = Lock()
        self._records: dict[Target, BreakerRecord] = {}
        self._orders: dict[Target, int] = {}
        self._mode_at: dict[Target, float] = {}
        self._transitions: dict[Target, deque[Transition]] = {}
        self._evidence: deque[tuple[int, EvidenceRecord]] = deque(maxlen=kept_evidence)
        self._told = 0
        self._learned: tuple[Learned, float] | None = None

    def ask(self, target: Target, params: BreakerParams, *, permit: str, canary: bool = False) -> Gate:
        """As ``BreakerStore``."""
        with self._lock:
            now = self.now()
            record, gate = breaker.ask(self._record(target, params, now), params, now, permit=permit, canary=canary)
            self._records[target] = record
            return gate

    def observe(
        self, target: Target, params: BreakerParams, evidence: Evidence, account: Account | None = None
    ) -> Change:
        """As ``BreakerStore``."""
        with self._lock:
            now = self.now()
            record = self._record(target, params, now)
            change = breaker.observe(record, params, now, evidence)
            believed = record.belief.bad if change.dropped else breaker.advanced(record, params, now).belief.bad
            if not change.dropped:
                self._records[target] = change.record
            if change.before is not None:
                self._keep_transition(target, change)
            if account is not None:
                self._tell(_evidence_record(target, evidence, account, at=now, believed=believed))
            return change

    def give_back(self, target: Target, permit: str) -> None:
        """As ``BreakerStore``."""
        with self._lock:
            if target in self._records:
                self._records[target] = breaker.give_back(self._records[target], permit)

    def raise_belief(self, target: Target, params: BreakerParams, factor: float) -> None:
        """As ``BreakerStore``."""
        with self._lock:
            now = self.now()
            self._records[target] = breaker.raised(self._record(target, params, now), params, now, factor)

    def hasten(self, target: Target, params: BreakerParams) -> None:
        """As ``BreakerStore``."""
        with self._lock:
            now = self.now()
            self._records[target] = breaker.hastened(self._record(target, params, now), params, now)

    def set_mode(self, target: Target, mode: BreakerMode, *, order: int = 0) -> BreakerRecord:
        """As ``BreakerStore``."""
        with self._lock:
            now = self.now()
            record = self._record(target, BreakerParams(), now)
            if not order or order > self._orders.get(target, 0):
                record = breaker.set_mode(record, mode, now)
                self._mode_at[target] = now
                self._orders[target] = max(order, self._orders.get(target, 0))
            self._records[target] = record
            return record

    def forced_open_since(self, target: Target) -> float | None:
        """As ``BreakerStore``."""
        with self._lock:
            record = self._records.get(target)
            forced = record is not None and record.mode is BreakerMode.FORCED_OPEN
            return self._mode_at.get(target, 0.0) if forced else None

    def read(self, target: Target) -> BreakerRecord | None:
        """As ``BreakerStore``."""
        return self._records.get(target)

    def all(self) -> Mapping[Target, BreakerRecord]:
        """As ``BreakerStore``."""
        with self._lock:
            return dict(sorted(self._records.items()))

    def targets(self, hardware: str = "") -> tuple[Target, ...]:
        """As ``BreakerStore``."""
        return tuple(target for target in self.all() if hardware in ("", target.hardware))

    def opened_within(self, hardware: str, seconds: float) -> tuple[Target, ...]:
        """As ``BreakerStore``."""
        after = self.now() - seconds
        return tuple(
            target
            for target, record in self.all().items()
            if target.hardware == hardware and record.epoch and record.opened_at >= after
        )

    def transitions(self, target: Target, after_epoch: int) -> tuple[Transition, ...]:
        """As ``BreakerStore``."""
        with self._lock:
            return tuple(one for one in self._transitions.get(target, ()) if one.epoch > after_epoch)

    def tell(self, record: EvidenceRecord) -> None:
        """As ``BreakerStore``."""
        with self._lock:
            self._tell(record)

    def heard(self, after: str, count: int) -> tuple[str, tuple[EvidenceRecord, ...]]:
        """As ``BreakerStore``."""
        with self._lock:
            found = [entry for entry in self._evidence if entry[0] > int(after or 0)][:count]
        return (str(found[-1][0]) if found else after), tuple(record for _, record in found)

    def learned(self) -> Learned | None:
        """As ``BreakerStore``."""
        found = self._learned
        return found[0] if found and self.now() - found[1] <= self._stale_s else None

    def publish(self, learned: Learned) -> None:
        """As ``BreakerStore``."""
        self._learned = learned, self.now()

    def now(self) -> float:
        """As ``BreakerStore``."""
        return self._clock.now()

    def close(self) -> None:
        """Nothing to close."""

    def _record(self, target: Target, params: BreakerParams, now: float) -> BreakerRecord:
        return self._records.get(target) or breaker.fresh(params, now)

    def _keep_transition(self, target: Target, change: Change) -> None:
        kept = self._transitions.setdefault(target, deque(maxlen=KEPT_TRANSITIONS))
        kept.append(transition_of(target, change))

    def _tell(self, record: EvidenceRecord) -> None:
        self._told += 1
        self._evidence.append((self._told, record))


def transition_of(target: Target, change: Change) -> Transition:
    """The transition that a change is."""
    return Transition(
        target=target,
        epoch=change.record.epoch,
        at=change.record.since,
        before=change.before or BreakerState.CLOSED,
        after=change.record.state,
        reason=change.reason,
    )


def _evidence_record(
    target: Target, evidence: Evidence, account: Account, *, at: float, believed: float
) -> EvidenceRecord:
    record = EvidenceRecord(at=at, target=target, sign=evidence.sign, epoch=evidence.epoch)
    return replace(record, job_group=account.job_group, duration_s=evidence.duration_s, believed=believed)
