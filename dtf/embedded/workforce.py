"""Which workers the users of a cluster need."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dtf.domain.specs import GPU_TAGS
from dtf.domain.tasks.models import BROWSER_TAGS
from dtf.execution.profile import WorkerProfile

#: No user can ask for more workers of a tag.
MOST_WORKERS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPlan:
    """A worker to be started.

    Attributes:
        name: Its name in the cluster, such as ``cpu-1``; empty: not named yet.
        queue: The hardware tag that it serves; several are separated by commas.
        slots: How many shards it runs at a time; 0: it chooses.
        profile: What else it is like; None: a plain worker.
    """

    name: str = ""
    queue: str
    slots: int = 1
    profile: WorkerProfile | None = None

    def named(self, taken: Collection[str]) -> "WorkerPlan":
        """The same with the first name that is free."""
        text = self.profile.name if self.profile else self.queue.rpartition(",")[2]
        label = re.sub(r"[^A-Za-z0-9_.-]", "_", text)[:40]
        number = next(n for n in range(1, len(taken) + 2) if f"{label}-{n}" not in taken)
        return replace(self, name=f"{label}-{number}")


_GPU_QUEUES = (*GPU_TAGS, "gpu")
#: The last one names the worker.
_BROWSER_QUEUES = ",".join(reversed(BROWSER_TAGS))
_GPUS = WorkerPlan(queue=",".join(_GPU_QUEUES), slots=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one user needs.

    Attributes:
        slots: By hardware tag, how many shards are to run at a time.
        profiles: One worker for each of these; a profile may be there more than once.
    """

    slots: Mapping[str, int] = field(default_factory=dict)
    profiles: tuple[WorkerProfile, ...] = ()

    def with_slots(self, count: int, tag: str) -> "Demand":
        """The same with at least so many slots for a tag."""
        return replace(self, slots={**self.slots, tag: max(count, self.slots.get(tag, 0))})


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """What is to be done about the workers.

    Attributes:
        start: Workers to be started.
        drain: Names of workers that nobody needs any more.
    """

    start: tuple[WorkerPlan, ...]
    drain: tuple[str, ...]


def adjust(demands: Iterable[Demand], live: Sequence[WorkerPlan], taken: Collection[str]) -> Adjustment:
    """Compare the workers with what the users need.

    Users share workers: of each tag and each profile there are as many as the user who needs most of them asked for,
    not the sum. Slots of profile workers count for their tag. One worker has all GPUs, and a slot for each: two workers
    would each take the first device for their own, and none could run what needs two. One has all browsers, because
    to ask each of them takes seconds.

    Args:
        demands: What the users need.
        live: The workers that take work.
        taken: Names that cannot be given to new workers, those of workers that still drain among them.
    """
    spare = list(live)
    names = set(taken)
    start: list[WorkerPlan] = []
    for wanted in _wanted(list(demands)):
        match = next((plan for plan in spare if replace(plan, name="") == wanted), None)
        if match is not None:
            spare.remove(match)
            continue
        plan = wanted.named(names)
        names.add(plan.name)
        start.append(plan)
    return Adjustment(start=tuple(start), drain=tuple(plan.name for plan in spare))


def _wanted(demands: Sequence[Demand]) -> list[WorkerPlan]:
    plans: list[WorkerPlan] = []
    for demand in demands:
        for profile in demand.profiles:
            plan = WorkerPlan(queue=profile.queue, slots=profile.concurrency, profile=profile)
            missing = demand.profiles.count(profile) - plans.count(plan)
            plans += [plan] * max(missing, 0)
    tags = {tag for demand in demands for tag in demand.slots}
    if tags.intersection(_GPU_QUEUES) - {plan.queue for plan in plans}:
        plans.append(_GPUS)
    if tags.intersection(BROWSER_TAGS) - {plan.queue for plan in plans}:
        most = max(demand.slots.get(tag, 0) for demand in demands for tag in BROWSER_TAGS)
        plans += [WorkerPlan(queue=_BROWSER_QUEUES, slots=most)] if most else []
    for tag in sorted(tags.difference(_GPU_QUEUES, BROWSER_TAGS)):
        slots = max(demand.slots.get(tag, 0) for demand in demands)
        slots -= sum(max(plan.slots, 1) for plan in plans if plan.queue == tag)
        plans += [WorkerPlan(queue=tag)] * max(slots, 0)
    return plans
