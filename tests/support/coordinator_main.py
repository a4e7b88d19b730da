"""A coordinator as a process: ``python -m tests.support.coordinator_main DATABASE_URL BROKER_URL HOLDER LEASE_S``."""

import logging
import signal
import sys
import threading

from dtf.breakers.config import BreakerConfig
from dtf.breakers.learning_loop import LearningLoop, Snapshots
from dtf.breakers.store import BreakerStore
from dtf.breakers.stores import open_store
from dtf.coordination.breaker_watch import BreakerWatch
from dtf.coordination.coordinator import Coordinator, CoordinatorConfig
from dtf.coordination.foresight import Foresight
from dtf.coordination.learning import Learning
from dtf.coordination.rerouting import Rerouting
from dtf.domain.clock import SystemClock
from dtf.storage.hints import CeleryHints
from dtf.storage.ledger import open_ledger
from tests.support.memory_control import KnownDurations

log = logging.getLogger("events")


def main() -> None:
    """Lead or stand by until SIGTERM."""
    database_url, broker_url, holder, lease_s = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    ledger = open_ledger(database_url)
    hints = CeleryHints(broker_url)
    clock = SystemClock()

    def make_loop(store: BreakerStore, snapshots: Snapshots) -> LearningLoop:
        foresight = Foresight(store, ledger.views.workers, BreakerConfig())
        return LearningLoop(store, snapshots, make_learner=foresight.make_learner)

    watches = (
        BreakerWatch(lambda: open_store(broker_url), ledger.breakers, Rerouting(ledger.fallbacks, clock, 0.2), clock),
        Learning(lambda: open_store(broker_url), ledger.breakers, clock, make_loop=make_loop),
    )
    Coordinator(
        CoordinatorConfig(holder=holder, lease_s=float(lease_s)),
        leadership=ledger.leadership,
        control=ledger.control,
        hints=hints,
        durations=KnownDurations(),
        notify=lambda event: log.info("event %s %s", event.kind, event.subject),
        clock=clock,
        watches=watches,
    ).run(stop)
    hints.close()
    ledger.close()


if __name__ == "__main__":
    main()
