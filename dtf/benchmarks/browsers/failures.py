"""Which failures of the infrastructure there were, and whose doing they are."""

from collections.abc import Iterable
from typing import Final

from dtf.benchmarks.browsers.records import NONE, UseRecord
from dtf.benchmarks.browsers.schedule import Schedule
from dtf.domain.outcome import Outcome

#: What happens on a browser so soon after an episode is still its doing, in seconds.
AFTERMATH_S: Final = 15.0


def episode_of(use: UseRecord, schedule: Schedule) -> int:
    """The episode that a use belongs to: the one that lasted when it began, or whose aftermath did; -1: none."""
    if use.episode != NONE:
        return use.episode
    latest = schedule.latest_of(use.browser, use.began_s)
    return latest.number if latest and use.began_s - latest.end_s <= AFTERMATH_S else NONE


def first_failures(uses: Iterable[UseRecord]) -> dict[int, UseRecord]:
    """The first failure by the infrastructure of each job that had one, by the job's number."""
    first: dict[int, UseRecord] = {}
    for use in sorted(uses, key=lambda one: one.ended_s):
        if use.job != NONE and use.outcome is Outcome.INFRA:
            first.setdefault(use.job, use)
    return first
