"""Learns what is normal from what the breakers heard, and publishes it; one at a time for each store."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from dtf.breakers.errors import StoreUnavailableError
from dtf.breakers.store import BreakerStore
from dtf.domain.breaker import Target, Transition
from dtf.domain.errors import DtfError
from dtf.domain.evidence import EvidenceRecord
from dtf.domain.learned import Learned
from dtf.resilience.breaker import BreakerRecord

if TYPE_CHECKING:
    from dtf.learning.learner import Learner

_log = logging.getLogger(__name__)

#: How many pieces of evidence are read at once, and how many in one turn at most.
_BATCH: Final = 1000
_MOST_IN_A_TURN: Final = 20_000

#: How long the learner waits between two turns by default, in seconds.
INTERVAL_S: Final = 5.0

_FORMAT: Final = 1


class Snapshots(Protocol):
    """Keeps what the learner knows over its end."""

    def load(self) -> Mapping[str, Any] | None:
        """The last one; None: there is none."""
        ...

    def save(self, snapshot: Mapping[str, Any]) -> None:
        """Keep one in place of the last."""
        ...


class Lease(Protocol):
    """Whose turn it is to learn."""

    def hold(self) -> bool:
        """Take it or renew it; False: somebody else has it."""
        ...

    def let_go(self) -> None:
        """Give it back, if it is held."""
        ...


class LearningLoop:
    """Reads what the breakers heard and did, learns from it, publishes what it knows, and keeps snapshots.

    A snapshot carries the place up to which evidence was learned from, so that who restores it learns the rest and
    nothing twice. River is imported when the lease is first held: those that stand by go without it.

    Args:
        store: The breakers.
        snapshots: Keeps what is known.
        lease: Whose turn it is; None: the caller sees to it that there is one learner.
        make_learner: Makes a learner that knows nothing; None: River's.
        save_every: After how many turns a snapshot is kept; also one is when the loop ends.
    """

    def __init__(
        self,
        store: BreakerStore,
        snapshots: Snapshots,
        *,
        lease: Lease | None = None,
        make_learner: "Callable[[], Learner] | None" = None,
        save_every: int = 6,
    ) -> None:
        self._store = store
        self._snapshots = snapshots
        self._lease = lease
        self._make_learner = make_learner or river_learner
        self._save_every = save_every
        self._learner: Learner | None = None
        self._after = ""
        self._epochs: dict[Target, int] = {}
        self._turns = 0
        self.learned: Learned | None = None

    @property
    def leads(self) -> bool:
        """Whether this is the one that learns."""
        return self._learner is not None

    def turn(self) -> Learned | None:
        """Learn from what is new and publish; None: somebody else learns.

        Raises:
            MissingRiverError: River is not installed; the lease is free for who has it.
            StoreUnavailableError: The store does not answer.
        """
        if self._lease is not None and not self._lease.hold():
            self._learner = None  # what the other learns meanwhile is in its snapshots
            return None
        learner = self._learner or self._begin()
        evidence, records = self._new_evidence(), self._store.all()
        transitions = self._new_transitions(learner, records)
        for event in _in_order((*evidence, *transitions)):
            if isinstance(event, Transition):
                learner.observe_transition(event)
            else:
                learner.observe(event)
        if self._lease is not None and not self._lease.hold():
            self._learner = None
            return None
        self._forget(learner, records)
        self.learned = learner.publish(self._store.now())
        self._store.publish(self.learned)
        self._turns += 1
        if self._turns % self._save_every == 0:
            self.save()
        return self.learned

    def run(
        self, stop: threading.Event, interval_s: float = INTERVAL_S, *, after_turn: Callable[[], None] | None = None
    ) -> None:
        """Take turns until told to stop; a store that is away is tried again.

        Args:
            stop: Ends it.
            interval_s: How long to wait between two turns, in seconds.
            after_turn: Called after each turn in which the store answered.
        """
        away = False
        while not stop.is_set():
            try:
                self.turn()
                if after_turn is not None:
                    after_turn()
                if away:
                    _log.info("the learner's store is back")
                away = False
            except StoreUnavailableError as error:
                if not away:
                    _log.warning("the learner waits: %s", error)
                away = True
            stop.wait(interval_s)
        self.end()

    def end(self) -> None:
        """Keep what is known and let another one learn."""
        try:
            if self._learner is not None:
                self.save()
            if self._lease is not None:
                self._lease.let_go()
        except StoreUnavailableError as error:
            _log.warning("what was learned lately is not kept: %s", error)
        self._learner = None

    def save(self) -> None:
        """Keep a snapshot, where this is the one that learns."""
        if self._learner is None:
            return
        epochs = [[one.hardware, one.name, epoch] for one, epoch in self._epochs.items()]
        self._snapshots.save(
            {"format": _FORMAT, "after": self._after, "epochs": epochs, "learner": self._learner.snapshot()}
        )

    def _begin(self) -> "Learner":
        try:
            learner = self._make_learner()
        except MissingRiverError:
            if self._lease is not None:  # somebody with River may learn
                self._lease.let_go()
            raise
        self._after, self._epochs = "", {}
        found = self._snapshots.load()
        published = self._store.learned()
        if found is not None:
            learner = self._restored(learner, found, published)
        self._learner = learner
        return learner

    def _restored(self, learner: "Learner", found: Mapping[str, Any], published: Learned | None) -> "Learner":
        try:
            known = _opened(found)
            # readers take the higher number for the newer one, and the last ones may have come after the snapshot
            known["version"] = max(known["version"], published.version if published else 0)
            learner.restore(known)
            epochs = {Target(hardware=hardware, name=name): int(epoch) for hardware, name, epoch in found["epochs"]}
            after = str(found["after"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            _log.warning("a learner's snapshot cannot be used, it begins anew: %s", error)
            return self._make_learner()
        self._after, self._epochs = after, epochs
        return learner

    def _new_evidence(self) -> list[EvidenceRecord]:
        found: list[EvidenceRecord] = []
        while len(found) < _MOST_IN_A_TURN:
            self._after, records = self._store.heard(self._after, _BATCH)
            found += records
            if len(records) < _BATCH:
                break
        return found

    def _new_transitions(self, learner: "Learner", records: Mapping[Target, BreakerRecord]) -> list[Transition]:
        found: list[Transition] = []
        for target, record in records.items():
            known = self._epochs.get(target, 0)
            if record.epoch < known:  # the store lost its data and counts anew
                learner.lost(target, self._store.now())
                known = 0
            new = self._store.transitions(target, known) if record.epoch > known else ()
            found += new
            self._epochs[target] = max((record.epoch, *(one.epoch for one in new)))  # it may have gone on meanwhile
        return found

    def _forget(self, learner: "Learner", records: Mapping[Target, BreakerRecord]) -> None:
        """Forget what is gone; the epoch of what the learner knows is kept, to see that the store lost it."""
        learner.forget(records.keys(), self._store.now())
        self._epochs = {one: epoch for one, epoch in self._epochs.items() if one in records or learner.knows(one)}


def _opened(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    if snapshot["format"] != _FORMAT:
        raise ValueError(f"it is of format {snapshot['format']!r}, not {_FORMAT}")
    return dict(snapshot["learner"])


class MissingRiverError(DtfError):
    """Learning needs River, which is not installed: pip install 'dtf[learn]'."""


def river_learner() -> "Learner":
    """A learner that knows nothing.

    Raises:
        MissingRiverError: River is not installed.
    """
    try:
        from dtf.learning.learner import Learner  # noqa: PLC0415  # River costs seconds and a hundred megabytes
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "river":
            raise
        raise MissingRiverError from error
    return Learner()


def _in_order(events: Iterable[EvidenceRecord | Transition]) -> list[EvidenceRecord | Transition]:
    """Evidence and transitions as they happened."""
    return sorted(events, key=lambda event: event.at)
