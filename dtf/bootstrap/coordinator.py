"""Puts a coordinator together."""

import os
import socket
import threading
from collections.abc import Sequence

from dtf.bootstrap.breakers import breaker_config, make_lease, make_store
from dtf.bootstrap.ledger import Ledger, ledger_at, wait_for_schema
from dtf.breakers.config import BreakerPolicy
from dtf.breakers.learning_loop import LearningLoop, Snapshots
from dtf.breakers.store import BreakerStore
from dtf.coordination.breaker_watch import BreakerWatch
from dtf.coordination.coordinator import Coordinator, CoordinatorConfig
from dtf.coordination.foresight import Foresight
from dtf.coordination.learning import Learning
from dtf.coordination.loop import Watch
from dtf.coordination.rerouting import Rerouting
from dtf.coordination.sampler import Sampler
from dtf.domain.clock import SystemClock
from dtf.domain.events import Event
from dtf.domain.ports.control import Presence
from dtf.plugins.manager import call_each, load_plugins
from dtf.settings import Settings
from dtf.storage.durations import LedgerDurations
from dtf.storage.hints import CeleryHints


def run_coordinator(settings: Settings, *, broker_url: str, database_url: str, stop: threading.Event) -> None:
    """Lead or stand by until ``stop`` is set.

    Args:
        settings: How it behaves.
        broker_url: Where hints go.
        database_url: The ledger.
        stop: Ends it.
    """
    wait_for_schema(database_url)
    ledger = ledger_at(database_url)
    try:
        make_coordinator(settings, ledger, broker_url).run(stop)
    finally:
        ledger.close()


def make_coordinator(settings: Settings, ledger: Ledger, broker_url: str) -> Coordinator:
    """A coordinator over a ledger and a broker; plugins hear its events."""
    plugins = load_plugins({})

    def notify(event: Event) -> None:
        call_each(plugins, "dtf_event", event=event)

    config = CoordinatorConfig(
        lease_s=settings.leader_lease_s,
        interval_s=settings.coordinator_interval_s,
        standby_s=min(1.0, settings.leader_lease_s / 3),
        worker_silent_s=settings.worker_silent_s,
        window_s=settings.window_s,
        presence=Presence(host=socket.gethostname(), pid=os.getpid()),
    )
    return Coordinator(
        config,
        leadership=ledger.leadership,
        control=ledger.control,
        hints=CeleryHints(broker_url),
        durations=LedgerDurations(ledger),
        notify=notify,
        clock=SystemClock(),
        watches=_watches(settings, ledger, broker_url),
    )


def _watches(settings: Settings, ledger: Ledger, broker_url: str) -> Sequence[Watch]:
    """What keeps figures, and what looks after the breakers, each with a connection of its own."""
    config, clock = breaker_config(settings), SystemClock()
    policy = config.policy

    def open_store() -> BreakerStore:
        return make_store(settings, broker_url)

    is_off = policy is BreakerPolicy.OFF
    sampler = Sampler(ledger.monitor, ledger.samples, clock, None if is_off else open_store)
    if is_off:
        return (sampler,)

    refusing = policy is not BreakerPolicy.METRICS
    rerouting = Rerouting(ledger.fallbacks, clock, settings.breaker_fallback_s) if refusing else None
    watch = BreakerWatch(open_store, ledger.breakers, rerouting, clock)
    if policy not in (BreakerPolicy.LEARNED, BreakerPolicy.METRICS):
        return sampler, watch

    def make_loop(store: BreakerStore, snapshots: Snapshots) -> LearningLoop:
        foresight = Foresight(store, ledger.views.workers, config)
        lease = make_lease(settings, broker_url)
        return LearningLoop(store, snapshots, lease=lease, make_learner=foresight.make_learner)

    return sampler, watch, Learning(open_store, ledger.breakers, clock, make_loop=make_loop)
