"""The ledger's side of breakers in memory."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dtf.domain.breaker import BreakerMode, Target, Transition
from dtf.domain.ports.breakers import BreakerJournal, Order, Told
from dtf.domain.ports.control import Term
from dtf.domain.ports.fallbacks import Fallbacks, Stranded
from dtf.domain.worker import WorkerInfo
from tests.support.memory_control import MemoryLedger


@dataclass
class MemoryJournal(BreakerJournal):
    """The events of breakers as a list."""

    ledger: MemoryLedger
    last: dict[Target, Told] = field(default_factory=dict)
    events: list[Transition] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    modes: list[tuple[Target, BreakerMode, str]] = field(default_factory=list)
    restored: list[tuple[Target, BreakerMode]] = field(default_factory=list)
    asked: int = 0

    def told(self) -> Mapping[Target, Told]:
        self.asked += 1
        self.ledger.check()
        return dict(self.last)

    def tell(self, term: Term, transitions: Iterable[Transition]) -> int:
        self.ledger.fence(term)
        before = len(self.events)
        for step in transitions:
            last = self.last.get(step.target)
            if last is None or last.is_news(step):
                self.last[step.target] = Told(epoch=step.epoch, at=step.at, reason=step.reason)
                self.events.append(step)
        return len(self.events) - before

    def tell_mode(self, target: Target, mode: BreakerMode, reason: str) -> int:
        self.modes.append((target, mode, reason))
        return len(self.modes)

    def orders(self) -> Mapping[Target, Order]:
        self.ledger.check()
        return {
            target: Order(number=number, mode=mode, reason=reason)
            for number, (target, mode, reason) in enumerate(self.modes, 1)
        }

    def tell_restored(self, term: Term, target: Target, order: Order) -> None:
        self.ledger.fence(term)
        self.restored.append((target, order.mode))

    def history(self, target: Target, limit: int = 50) -> Sequence[Mapping[str, object]]:
        now = self.ledger.clock.now()
        found = [{"at": now, "mode": mode.value, "reason": why} for of, mode, why in self.modes if of == target]
        return found[-limit:]

    def keep(self, term: Term, key: str, value: str) -> None:
        self.ledger.fence(term)
        self.texts[key] = value

    def kept(self, key: str) -> str | None:
        self.ledger.check()
        return self.texts.get(key)


@dataclass
class MemoryFallbacks(Fallbacks):
    """Where the shards of jobs wait, by job: (home, queue)."""

    workers: list[WorkerInfo] = field(default_factory=list)
    places: dict[str, tuple[str, str]] = field(default_factory=dict)
    allowed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    job_queues: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    at_last_level: set[str] = field(default_factory=set)
    page: int = 200

    def wait(self, job_id: str, queue: str, *fallback: str, job_queue: str = "") -> None:
        """Let a job wait."""
        self.places[job_id] = (queue, queue)
        self.allowed[job_id] = fallback
        self.job_queues[job_id] = job_queue or queue

    def queue_of(self, job_id: str) -> str:
        """Where it waits."""
        return self.places[job_id][1]

    def open_queues(self) -> Sequence[str]:
        return sorted({queue for _, queue in self.places.values()})

    def live_workers(self) -> Sequence[WorkerInfo]:
        return list(self.workers)

    def stranded(self, queue: str, after: Stranded | None = None) -> Sequence[Stranded]:
        last = after.job_id if after else ""
        found = [
            Stranded(
                job_id=job_id,
                run_id="r",
                queue=queue,
                home=home,
                job_queue=self.job_queues[job_id],
                fallback=self.allowed[job_id],
            )
            for job_id, (home, place) in self.places.items()
            if place == queue and self.allowed[job_id]
        ]
        return sorted(found, key=lambda one: (one.job_id <= last, one.job_id))[: self.page]

    def failed_over(self) -> Collection[str]:
        """The queues that a test has named."""
        return self.at_last_level

    def move(self, term: Term, what: Stranded, queue: str, reason: str) -> int:
        del term
        self.places[what.job_id] = (what.home, queue)
        self.reasons.append(reason)
        return 1

    def homes(self) -> Sequence[str]:
        return sorted({home for home, place in self.places.values() if home != place})

    def bring_home(self, term: Term, home: str, reason: str) -> int:
        del term, reason
        back = [job_id for job_id, (own, place) in self.places.items() if own == home != place]
        self.places.update((job_id, (home, home)) for job_id in back)
        return len(back)
