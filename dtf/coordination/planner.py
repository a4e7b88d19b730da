"""The loop that cuts collected suites into shards."""

import logging
from functools import partial
from typing import Final

from dtf.coordination.sickbay import Sickbay
from dtf.domain.clock import Clock
from dtf.domain.ports.control import Control, JobToPlan, Term
from dtf.domain.ports.durations import Durations
from dtf.domain.work import Isolation, PytestWork
from dtf.scheduling.plan import plan

log = logging.getLogger(__name__)

#: After so long in one tick the other loops have their turn, in seconds.
BUDGET_S: Final = 1.0


class Planner:
    """Cuts the manifests that wait, with what is known of their tests' durations."""

    name = "planner"
    interval_s = 0.0

    def __init__(self, control: Control, durations: Durations, clock: Clock) -> None:
        self._control = control
        self._durations = durations
        self._clock = clock
        self._sick = Sickbay(clock)

    def tick(self, term: Term) -> None:
        """Plan the jobs whose manifests wait."""
        begin = self._clock.monotonic()
        for waiting in self._control.jobs_to_plan():
            self._sick.attend(waiting.job_id, "planning job", partial(self._plan, term, waiting))
            if self._clock.monotonic() - begin > BUDGET_S:
                return

    def reset(self) -> None:
        """There is nothing to forget."""

    def _plan(self, term: Term, waiting: JobToPlan) -> None:
        job, items = waiting.job, waiting.manifest.items
        durations = self._durations.predict(job.name, job.hardware, [item.nodeid for item in items])
        isolation = job.work.isolation if isinstance(job.work, PytestWork) else Isolation.SLOT
        shards = plan(waiting.manifest, slots=max(waiting.slots, 1), durations=durations, isolation=isolation)
        self._control.store_plan(term, waiting.job_id, shards)
        log.info(
            "job %s: %d tests in %d shards for %d slots, %d durations known",
            waiting.job_id, len(items), len(shards), waiting.slots, len(durations),
        )  # fmt: skip
