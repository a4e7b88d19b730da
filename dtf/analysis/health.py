"""How well the laboratory does, as one number and what makes it up.

It is about the laboratory, and not about what is tested in it: a test that fails takes nothing from it. Nor does a
laboratory that has nothing to do: what is not there to be judged counts as well.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dtf.analysis.holding import keepers, quarantined
from dtf.analysis.service import absence, unserved
from dtf.domain.breaker import Target
from dtf.domain.held import target_of
from dtf.domain.outcome import Outcome
from dtf.domain.ports.monitor import Moment
from dtf.domain.ports.views import WorkerView
from dtf.domain.shard import ShardState
from dtf.domain.worker import DeviceState, WorkerState

#: What each part weighs; they come to 100. Without the first two nothing runs; without a queue's workers, or behind an
#: open breaker, some of the work does not; the rest tells of work that was lost, or will be.
WEIGHTS: Final[Mapping[str, int]] = {
    "leader": 20,
    "workers": 25,
    "queues": 20,
    "breakers": 15,
    "devices": 10,
    "jobs": 5,
    "operators": 5,
}
#: The parts without which nothing runs: where one of them is 0 the score is no higher than this.
_ESSENTIAL, _STOPPED = ("leader", "workers"), 40
#: From these scores on it is healthy, and degraded.
_HEALTHY, _DEGRADED = 90, 60
#: A score that is so much higher or lower than before is better or worse.
_NOTABLE = 3
#: For so long it counts that a worker has gone or a job was lost, in seconds.
LATELY_S: Final = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What the score is made from: so many of so many are as they should be.

    Attributes:
        good: How many are.
        total: Of how many; 0: there are none, and nothing is wrong.
        words: What they are, behind "3 of 4"; where there are none, what that means.
        is_strict: Whether one that is not as it should be is as bad as all.
    """

    good: int
    total: int
    words: str
    is_strict: bool = False

    @property
    def value(self) -> float:
        """From 0 to 1."""
        if self.good >= self.total:
            return 1.0
        return 0.0 if self.is_strict else self.good / self.total


def health(
    moment: Moment,
    *,
    refusing: Collection[Target] | None = (),
    breakers: int = 0,
    is_running: bool = True,
    earlier: float | None = None,
) -> dict[str, Any]:
    """``score`` (0 to 100), ``status``, and ``parts`` by name: ``value`` (0 to 1), weight, good, total and words.

    Where it is known what the score was before, also ``trend`` and ``earlier``.

    Args:
        moment: The ledger.
        refusing: The targets whose breakers let no work through; None: the breakers do not answer.
        breakers: How many breakers there are.
        is_running: Whether a cluster is configured or runs; where none is there is no score.
        earlier: The mean of the score over a while before; None: it is not known.
    """
    if not is_running:
        return {"status": "not running"}
    parts = {
        "leader": _leader(moment),
        "workers": _workers(moment),
        "queues": _queues(moment, refusing or ()),
        "breakers": _breakers(refusing, breakers),
        "devices": _devices(moment),
        "jobs": _jobs(moment),
        "operators": _operators(moment),
    }
    score = round(sum(WEIGHTS[name] * part.value for name, part in parts.items()))
    if not all(parts[name].value for name in _ESSENTIAL):
        score = min(score, _STOPPED)
    told: dict[str, Any] = {"score": score, "status": _status(score)}
    if earlier is not None:
        told |= {"trend": _trend(score - earlier), "earlier": round(earlier, 1)}
    return {**told, "parts": {name: _told(name, part) for name, part in parts.items()}}


def _trend(change: float) -> str:
    if abs(change) < _NOTABLE:
        return "steady"
    return "better" if change > 0 else "worse"


def _status(score: int) -> str:
    if score >= _HEALTHY:
        return "healthy"
    return "degraded" if score >= _DEGRADED else "unhealthy"


def _told(name: str, part: _Part) -> dict[str, Any]:
    value = round(part.value, 4)
    return {"value": value, "weight": WEIGHTS[name], "good": part.good, "total": part.total, "words": part.words}


def _leader(moment: Moment) -> _Part:
    return _Part(good=int(bool(moment.leader.holder)), total=1, words="coordinator leads")


def _workers(moment: Moment) -> _Part:
    """Those that are heard, of those that are there or went lately; whoever drains is there.

    A worker that was stopped counts as one that was lost: the ledger does not tell one from the other. One that
    was started again under its name is not missed.
    """
    present = [worker for worker in moment.workers if worker.state is not WorkerState.OFFLINE]
    names = {worker.info.name for worker in present}
    gone = {
        worker.info.name
        for worker in moment.workers
        if worker.state is WorkerState.OFFLINE and moment.as_of - worker.seen_at < LATELY_S
    }
    draining = sum(worker.state is WorkerState.DRAINING for worker in present)
    heard = draining + len(_live(moment))
    if not present:
        return _Part(good=0, total=max(len(gone), 1), words="workers are there")
    return _Part(good=heard, total=len(present) + len(gone - names), words="workers are heard")


def _queues(moment: Moment, refusing: Collection[Target]) -> _Part:
    """Those that somebody serves, and no breaker or quarantine closes, of those in which work waits."""
    waiting = [queue for queue, states in moment.backlog.items() if states.get(ShardState.QUEUED)]
    live = _live(moment)
    served = sum(
        unserved(queue, moment.workers, moment.as_of) is None and not keepers(queue, live, refusing)
        for queue in waiting
    )
    words = "queues in which work waits have a worker that takes it" if waiting else "no work waits"
    return _Part(good=served, total=len(waiting), words=words)


def _breakers(refusing: Collection[Target] | None, known: int) -> _Part:
    if refusing is None:
        return _Part(good=0, total=1, words="broker answers; how the breakers are is not known")
    words = "breakers let work through" if known else "there are no breakers yet"
    return _Part(good=known - len(refusing), total=known, words=words)


def _devices(moment: Moment) -> _Part:
    """Those of online workers that were found good and are not in quarantine, CPUs too."""
    live = _live(moment)
    kept = {(one.worker, one.target) for one in quarantined(live)}
    states = [
        device.state is DeviceState.AVAILABLE and (worker.info.name, target_of(worker.info, device)) not in kept
        for worker in live
        for device in worker.info.devices
    ]
    words = "devices can be used" if states else "no worker has told of a device"
    return _Part(good=sum(states), total=len(states), words=words)


def _jobs(moment: Moment) -> _Part:
    """Those that had a verdict of their own, of the newest that ended lately."""
    since = moment.as_of - LATELY_S
    ended = [task.outcome for task in moment.tasks if task.finished_at is not None and task.finished_at > since]
    lost = ended.count(Outcome.INFRA)
    words = "jobs that ended in the last 15 minutes had a verdict of their own" if ended else "no job ended lately"
    return _Part(good=len(ended) - lost, total=len(ended), words=words)


def _operators(moment: Moment) -> _Part:
    """What goes on by itself, of what is not finished."""
    unfinished = sum(sum(states.values()) for states in moment.backlog.values())
    words = "shards go on without an operator" if unfinished else "nothing needs an operator"
    return _Part(good=max(unfinished - len(moment.alarms), 0), total=unfinished, words=words, is_strict=True)


def _live(moment: Moment) -> list[WorkerView]:
    return [worker for worker in moment.workers if absence(worker, moment.as_of) is None]
