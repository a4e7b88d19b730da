"""Why a job waits, and what to do about it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dtf.analysis.cause import Cause, Why
from dtf.analysis.holding import keepers, quarantined
from dtf.analysis.service import able, absence, unserved
from dtf.domain.breaker import BreakerMode, Target
from dtf.domain.match import capacity
from dtf.domain.ports.breakers import BreakerView
from dtf.domain.ports.views import JobView, LeaderView, ShardView, WorkerView
from dtf.domain.queue import base_tag, split_queue
from dtf.domain.requirement import device_count
from dtf.domain.shard import JobState, ShardState

__all__ = ["Cause", "Situation", "Why", "why"]

#: How many breakers a sentence names.
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything that the answer is drawn from.

    Attributes:
        job: The job.
        shards: Its shards.
        workers: All workers that are known.
        leader: Who leads.
        backlog: For each queue its unfinished shards by state, of all jobs.
        now: Seconds since the epoch, on the database's clock.
        refusing: The circuit breakers that let no work through.
    """

    job: JobView
    shards: Sequence[ShardView]
    workers: Sequence[WorkerView]
    leader: LeaderView
    backlog: Mapping[str, Mapping[str, int]]
    now: float
    refusing: Sequence[BreakerView] = ()

    @property
    def waiting(self) -> list[ShardView]:
        """The job's queued shards."""
        return [shard for shard in self.shards if shard.state is ShardState.QUEUED]

    @property
    def queues(self) -> list[str]:
        """Where the job's shards wait, several where their tests ask for different things; never none."""
        return list(dict.fromkeys(shard.queue for shard in self.waiting)) or [self.job.spec.queue]

    @property
    def live(self) -> list[WorkerView]:
        """The workers that take what waits."""
        found = [worker for queue in self.queues for worker in able(queue, self.workers)]
        return [
            worker
            for worker in {worker.info.worker_id: worker for worker in found}.values()
            if absence(worker, self.now) is None
        ]


def why(situation: Situation) -> Why:
    """Say what a job is doing, or the first thing that keeps it from running."""
    answers = (check(situation) for check in _CHECKS)
    answer = next((answer for answer in answers if answer is not None), None) or _behind(situation)
    moved = _moved(situation)
    return replace(answer, sentence=f"{answer.sentence} {moved}") if moved else answer


def _finished(s: Situation) -> Why | None:
    if s.job.state is not JobState.FINISHED:
        return None
    reason = f": {s.job.reason}" if s.job.reason else ""
    return Why(cause=Cause.FINISHED, sentence=f"It is finished, {s.job.outcome or 'without a verdict'}{reason}.")


def _running(s: Situation) -> Why | None:
    claimed = [shard for shard in s.shards if shard.state is ShardState.CLAIMED]
    if not claimed:
        return None
    names = {worker.info.worker_id: worker.info.name for worker in s.workers}
    holders = sorted({names.get(shard.worker_id or "", shard.worker_id or "?") for shard in claimed})
    what = "is collected" if s.job.state is JobState.COLLECTING else f"runs, {_shards(len(claimed))} at the moment,"
    rest = f"; {_shards(len(s.waiting))} wait" if s.waiting else ""
    stuck = (_unserved(s) or _held(s)) if s.waiting else None
    return Why(
        cause=Cause.RUNNING,
        sentence=f"It {what} on {', '.join(holders)}{rest}." + (f" {stuck.sentence}" if stuck else ""),
        advice=stuck.advice if stuck else "",
    )


def _no_leader(s: Situation) -> Why | None:
    if s.leader.holder and s.leader.expires_in_s > 0:
        return None
    return Why(
        cause=Cause.NO_LEADER,
        sentence="No coordinator leads, so nothing is dispatched.",
        advice="Start a cluster with `dtf up`, or a coordinator of an existing one with `dtf coordinator`.",
    )


def _planning(s: Situation) -> Why | None:
    if s.job.state is not JobState.PLANNING:
        return None
    return Why(cause=Cause.PLANNING, sentence="It is collected, and about to be cut into shards.")


def _unserved(s: Situation) -> Why | None:
    """The first of the job's queues that nobody serves."""
    answers = (unserved(queue, s.workers, s.now) for queue in s.queues)
    return next((answer for answer in answers if answer is not None), None)


def _held(s: Situation) -> Why | None:
    """The first of the job's queues that open breakers, or quarantine, keep from every slot."""
    views = {view.target: view for view in s.refusing}
    live = [worker for worker in s.workers if absence(worker, s.now) is None]
    for queue in s.queues:
        if who := keepers(queue, live, views):
            return _told_held(s, queue, who, views)
    return None


def _told_held(s: Situation, queue: str, who: Sequence[Target], views: Mapping[Target, BreakerView]) -> Why:
    words = {one.target: one.words(s.now) for one in quarantined(s.workers)}
    words.update((target, _breaker(view, s.now)) for target, view in views.items())
    told = "; ".join(words[target] for target in who[:_MOST_NAMED])
    more = f"; and {len(who) - _MOST_NAMED} more" if len(who) > _MOST_NAMED else ""
    opened = [views[target] for target in who if target in views]
    if not opened:
        return Why(
            cause=Cause.QUARANTINE,
            sentence=f"Quarantine keeps it from all slots of the queue {queue}: {told}{more}.",
            advice="It goes on when a canary passes there; `dtf breakers close TARGET` overrules one.",
        )
    allowed, alone = ", ".join(s.job.spec.fallback), len(opened) == len(who)
    keep = "Open circuit breakers keep" if alone else "Open circuit breakers and quarantine keep"
    where = f" If that lasts it goes to the fallback it allows ({allowed})." if allowed and alone else ""
    return Why(
        cause=Cause.BREAKER_OPEN,
        sentence=f"{keep} it from all slots of the queue {queue}: {told}{more}.{where}",
        advice=_overruling(opened),
    )


def _overruling(views: Iterable[BreakerView]) -> str:
    forced = [view for view in views if view.mode is BreakerMode.FORCED_OPEN]
    if forced:
        return f"An operator holds it open: `dtf breakers auto {forced[0].target}` leaves it to itself again."
    return "It goes on when probes succeed: `dtf breakers` shows them, `dtf breakers close TARGET` overrules one."


def _breaker(view: BreakerView, now: float) -> str:
    reason = f": {view.reason}" if view.reason else ""
    return f"{view.target} is {view.word} for {max(0.0, now - view.since):.0f} s{reason}"


def _moved(s: Situation) -> str:
    """That it waits in the queue of other hardware than it asks for."""
    asked = s.job.spec.hardware
    others = sorted({base_tag(shard.queue) for shard in s.waiting} - {asked})
    return f"As the breakers of {asked} are open, it was sent to its fallback {', '.join(others)}." if others else ""


def _not_before(s: Situation) -> Why | None:
    waits = [shard.not_before - s.now for shard in s.waiting if shard.not_before is not None]
    if not s.waiting or len(waits) < len(s.waiting) or min(waits) <= 0:
        return None
    reason = next((f" ({shard.reason})" for shard in s.waiting if shard.reason), "")
    crashes = max(shard.crashes for shard in s.waiting)
    return Why(
        cause=Cause.NOT_BEFORE,
        sentence=f"It runs again in {min(waits):.0f} s, after {crashes} infrastructure failures{reason}.",
    )


def _hinted(s: Situation) -> Why | None:
    since = [s.now - shard.hinted_at for shard in s.waiting if shard.hinted_at is not None]
    if not since:
        return None
    slots = sum(worker.info.slots for worker in s.live)
    busy = sum(worker.load.busy_slots for worker in s.live if worker.load is not None)
    state = f"all {slots} slots are busy" if busy >= slots else f"{busy} of {slots} slots are busy"
    return Why(
        cause=Cause.HINTED,
        sentence=f"It was offered to the workers {max(*since, 0.0):.0f} s ago and is not claimed yet; {state}."
        + (_kept_back(s) if busy < slots else ""),
    )


def _kept_back(s: Situation) -> str:
    """For whom free devices are kept: who needs several gets them one after the other."""
    needed = max(device_count(split_queue(queue)[1]) for queue in s.queues)
    if needed > 1:
        return f" It needs {needed} devices at once and gets them as they come free."
    tags = {base_tag(queue) for queue in s.queues}
    for queue, states in s.backlog.items():
        several = device_count(split_queue(queue)[1])
        waits = several > 1 and base_tag(queue) in tags and bool(states.get(ShardState.QUEUED))
        if waits and any(capacity(worker.info, queue) for worker in s.live):
            return f" Free devices are kept back for a job that needs {several} of them (queue {queue})."
    return ""


def _behind(s: Situation) -> Why:
    others = sum(sum(s.backlog.get(queue, {}).values()) for queue in s.queues) - len(s.waiting)
    slots = sum(worker.info.slots for worker in s.live)
    queues = "queue " + s.queues[0] if len(s.queues) == 1 else "queues " + ", ".join(s.queues)
    return Why(
        cause=Cause.BEHIND,
        sentence=(
            f"It waits for its turn with priority {s.job.spec.priority} in the {queues}, where {slots} slots"
            f" have {_shards(max(others, 0))} of other jobs to run."
        ),
    )


_CHECKS: tuple[Callable[[Situation], Why | None], ...] = (
    _finished, _running, _no_leader, _planning, _unserved, _held, _not_before, _hinted,
)  # fmt: skip


def _shards(count: int) -> str:
    return "1 shard" if count == 1 else f"{count} shards"
