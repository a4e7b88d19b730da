"""The coordinator's ports in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dtf.domain.clock import Clock
from dtf.domain.errors import BrokerUnavailableError, LedgerUnavailableError, TermOverError
from dtf.domain.events import Event
from dtf.domain.ports.control import (
    CollectingJob,
    Control,
    JobToPlan,
    Leadership,
    LostAttempt,
    Presence,
    Term,
    WaitingShard,
)
from dtf.domain.ports.durations import Durations
from dtf.domain.ports.hints import Hints
from dtf.domain.shard import Disposition, ShardPlan


@dataclass
class MemoryLedger:
    """What coordinators share: the lease row and whether the database answers."""

    clock: Clock
    up: bool = True
    holder: str = ""
    term: int = 0
    expires_at: float = 0.0

    def check(self) -> None:
        """Raise ``LedgerUnavailableError`` while the database is down."""
        if not self.up:
            raise LedgerUnavailableError

    def fence(self, term: Term) -> None:
        """Raise ``TermOverError`` unless the term holds."""
        self.check()
        if (term.holder, term.number) != (self.holder, self.term) or self.clock.now() >= self.expires_at:
            raise TermOverError


class MemoryLeadership(Leadership):
    """The lease row."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self.ledger = ledger
        self.asked = 0
        self.present: dict[str, Presence] = {}

    def acquire(self, holder: str, lease_s: float, presence: Presence | None = None) -> Term | None:
        self.asked += 1
        row = self.ledger
        row.check()
        if presence is not None:
            self.present[holder] = presence
        now = row.clock.now()
        if row.holder and row.expires_at > now:
            if row.holder != holder:
                return None
        else:
            row.holder, row.term = holder, row.term + 1
        row.expires_at = now + lease_s
        return Term(holder=holder, number=row.term)

    def release(self, term: Term) -> None:
        self.ledger.check()
        if (term.holder, term.number) == (self.ledger.holder, self.ledger.term):
            self.ledger.holder = ""

    def leave(self, holder: str) -> None:
        self.ledger.check()
        self.present.pop(holder, None)


@dataclass
class MemoryControl(Control):
    """Everything that a leader reads and writes, as lists that tests fill and look at."""

    ledger: MemoryLedger
    to_plan: list[JobToPlan] = field(default_factory=list)
    plans: dict[str, Sequence[ShardPlan]] = field(default_factory=dict)
    shards: dict[str, WaitingShard] = field(default_factory=dict)
    capacity: dict[str, int] = field(default_factory=dict)
    collects: list[CollectingJob] = field(default_factory=list)
    lost: list[LostAttempt] = field(default_factory=list)
    expired: list[tuple[LostAttempt, Disposition]] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def queue(self, shards: Iterable[WaitingShard]) -> None:
        """Let shards wait."""
        self.shards.update({shard.shard_id: shard for shard in shards})

    def claim(self, shard_id: str) -> None:
        """Let a worker claim a shard."""
        del self.shards[shard_id]

    def _read(self, name: str) -> None:
        self.calls.append(name)
        self.ledger.check()

    def _write(self, name: str, term: Term) -> None:
        self.calls.append(name)
        self.ledger.fence(term)

    def jobs_to_plan(self) -> Sequence[JobToPlan]:
        self._read("jobs_to_plan")
        return list(self.to_plan)

    def store_plan(self, term: Term, job_id: str, shards: Sequence[ShardPlan]) -> None:
        self._write("store_plan", term)
        self.plans[job_id] = shards
        self.to_plan = [waiting for waiting in self.to_plan if waiting.job_id != job_id]

    def waiting(self, per_queue: int) -> Sequence[WaitingShard]:
        self._read("waiting")
        del per_queue
        now = self.ledger.clock.now()
        return [
            shard if shard.hinted_s is None else replace(shard, hinted_s=now - shard.hinted_s)
            for shard in self.shards.values()
        ]

    def collecting(self) -> Sequence[CollectingJob]:
        self._read("collecting")
        return list(self.collects)

    def slots(self) -> dict[str, int]:
        self._read("slots")
        return dict(self.capacity)

    def mark_hinted(self, term: Term, shard_ids: Sequence[str]) -> None:
        self._write("mark_hinted", term)
        for shard_id in shard_ids:
            self.shards[shard_id] = replace(self.shards[shard_id], hinted_s=self.ledger.clock.now())

    def lost_attempts(self) -> Sequence[LostAttempt]:
        self._read("lost_attempts")
        return list(self.lost)

    def expire(self, term: Term, lost: LostAttempt, disposition: Disposition) -> bool:
        self._write("expire", term)
        self.lost.remove(lost)
        self.expired.append((lost, disposition))
        return True

    def cancel_overdue(self, term: Term) -> int:
        self._write("cancel_overdue", term)
        return 0

    def lose_workers(self, term: Term, silent_s: float) -> Sequence[str]:
        self._write("lose_workers", term)
        del silent_s
        silent, self.silent = self.silent, []
        return silent

    def settle(self, term: Term) -> int:
        self._write("settle", term)
        return 0

    def pending_events(self, limit: int) -> Sequence[Event]:
        self._read("pending_events")
        return self.events[:limit]

    def mark_delivered(self, term: Term, sequences: Sequence[int]) -> None:
        self._write("mark_delivered", term)
        self.events = [event for event in self.events if event.sequence not in sequences]


class MemoryHints(Hints):
    """Queues as lists; ``up`` says whether the broker answers, ``lose_all`` restarts it empty."""

    def __init__(self) -> None:
        self.up = True
        self.life = 1
        self.queues: dict[str, list[str]] = {}
        self.sent: list[str] = []
        self.prepared: list[tuple[str, str]] = []
        self.tries = 0

    def lose_all(self) -> None:
        """Restart the broker empty."""
        self.queues.clear()
        self.life += 1

    def send_shard(self, queue: str, shard_id: str) -> None:
        self._check()
        self.queues.setdefault(queue, []).append(shard_id)
        self.sent.append(shard_id)

    def send_prepare(self, queue: str, job_id: str) -> None:
        self._check()
        self.prepared.append((queue, job_id))

    def length(self, queue: str) -> int:
        self._check()
        return len(self.queues.get(queue, []))

    def incarnation(self) -> str:
        self._check()
        return str(self.life)

    def _check(self) -> None:
        self.tries += 1
        if not self.up:
            raise BrokerUnavailableError


class KnownDurations(Durations):
    """Durations as given."""

    def __init__(self, seconds: Mapping[str, float] | None = None) -> None:
        self.seconds = seconds or {}

    def predict(self, suite: str, hardware: str, nodeids: Sequence[str]) -> Mapping[str, float]:
        del suite, hardware
        return {nodeid: self.seconds[nodeid] for nodeid in nodeids if nodeid in self.seconds}
