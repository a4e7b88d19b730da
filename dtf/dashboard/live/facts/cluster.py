"""The laboratory at a glance."""

from typing import Any

from dtf.analysis.health import health
from dtf.analysis.service import absence
from dtf.dashboard.live.facts.text import capped
from dtf.dashboard.live.seen import Seen
from dtf.domain.outcome import Outcome
from dtf.domain.ports.breakers import refuses
from dtf.domain.worker import WorkerState

#: The verdicts that count as a success: nothing failed.
_GOOD = frozenset((Outcome.PASSED.value, Outcome.SKIPPED.value))
#: Those that say nothing about it.
_NEITHER = frozenset((Outcome.CANCELLED.value,))


def cluster(seen: Seen) -> dict[str, Any]:
    """active_workers, total_tasks, success_rate (0 to 1) and health, which users know, and what else is asked first."""
    moment, totals = seen.moment, seen.moment.totals
    online = [worker for worker in moment.workers if worker.state is WorkerState.ONLINE]
    present = [worker for worker in moment.workers if worker.state is not WorkerState.OFFLINE]
    draining = sum(worker.state is WorkerState.DRAINING for worker in moment.workers)
    judged = sum(count for outcome, count in totals.jobs.items() if outcome not in _NEITHER)
    good = sum(totals.jobs.get(outcome, 0) for outcome in _GOOD)
    told: dict[str, Any] = {
        "running": seen.runs_cluster,
        "place": seen.place,
        "active_workers": len(online),
        "draining_workers": draining,
        # whoever drains still runs what it has
        "slots": sum(worker.info.slots for worker in present),
        "busy_slots": sum(worker.load.busy_slots for worker in present if worker.load is not None),
        "total_tasks": totals.jobs_waiting + totals.jobs_running + sum(totals.jobs.values()),
        "jobs_waiting": totals.jobs_waiting,
        "jobs_running": totals.jobs_running,
        "jobs_finished": dict(totals.jobs),
        "cases": dict(totals.cases),
        "runs": totals.runs,
        "runs_open": totals.runs_open,
        "queued_shards": sum(states.get("queued", 0) for states in moment.backlog.values()),
        "claimed_shards": sum(states.get("claimed", 0) for states in moment.backlog.values()),
        "term": moment.leader.term,
        "alarms": len(moment.alarms),
        "missing": missing(seen),
    }
    refusing = None
    if seen.breakers is not None:
        refusing = {status.view.target for status in seen.breakers if refuses(status.view)}
        told |= {"breakers": len(seen.breakers), "breakers_refusing": len(refusing)}
    told["health"] = health(
        moment,
        refusing=refusing,
        breakers=len(seen.breakers or ()),
        is_running=seen.runs_cluster,
        earlier=seen.earlier_score,
    )
    if moment.leader.holder:
        told["leader"] = moment.leader.holder
    if judged:
        told["success_rate"] = good / judged
    return told


def missing(seen: Seen) -> list[dict[str, str]]:
    """What does not run: in words, with the command that starts it, where there is one."""
    if not seen.runs_cluster:
        words = f"No cluster is running in the {seen.place}: what is shown is past."
        return [{"what": "cluster", "words": words, "start": "dtf up"}]
    found = []
    if not seen.moment.leader.holder:
        words = "No coordinator leads, so nothing is dispatched."
        found.append({"what": "coordinator", "words": words, "start": "dtf coordinator"})
    if not any(absence(worker, seen.moment.as_of) is None for worker in seen.moment.workers):
        words = "No worker takes work."
        found.append({"what": "worker", "words": words, "start": "dtf worker"})
    if seen.breaker_problem:
        words = f"How the circuit breakers are is not known: {seen.breaker_problem}."
        found.append({"what": "breakers", "words": capped(words)})
    return found
