"""The topics that pages can hear of, and what each is made from."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from dtf.dashboard.live.facts.alarms import alarms
from dtf.dashboard.live.facts.breakers import breakers
from dtf.dashboard.live.facts.cluster import cluster
from dtf.dashboard.live.facts.coordinators import coordinators
from dtf.dashboard.live.facts.hardware import hardware
from dtf.dashboard.live.facts.network import network
from dtf.dashboard.live.facts.queues import queues
from dtf.dashboard.live.facts.recovery import recovery
from dtf.dashboard.live.facts.resources import resources
from dtf.dashboard.live.facts.runs import runs
from dtf.dashboard.live.facts.tasks import tasks
from dtf.dashboard.live.facts.workers import workers
from dtf.dashboard.live.seen import Seen

#: A topic's value is an object of JSON's types without null: what is not known is missing.
TOPICS: Final[Mapping[str, Callable[[Seen], dict[str, Any]]]] = {
    "cluster": cluster,
    "runs": runs,
    "tasks": tasks,
    "workers": workers,
    "hardware": hardware,
    "queues": queues,
    "alarms": alarms,
    "resources": resources,
    "coordinators": coordinators,
    "breakers": breakers,
    "recovery": recovery,
    "network": network,
}
