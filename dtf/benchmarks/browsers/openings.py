"""When breakers were open, and when that was nobody's fault."""

from collections.abc import Sequence

from dtf.benchmarks.browsers.records import RunRecord
from dtf.domain.breaker import BreakerState


def open_times(record: RunRecord, browser: str) -> Sequence[tuple[float, float]]:
    """From when to when a browser's breaker was not closed."""
    times, since = [], None
    for move in (move for move in record.moves if move.browser == browser):
        if move.before is BreakerState.CLOSED:
            since = move.at_s
        elif move.after is BreakerState.CLOSED and since is not None:
            times.append((since, move.at_s))
            since = None
    return times if since is None else [*times, (since, record.lasted_s)]


def healthy(record: RunRecord, aftermath_s: float) -> tuple[float, int]:
    """The seconds of all browsers outside of episodes and aftermath, and the openings in them."""
    schedule = record.schedule
    sick_s = sum(
        max(min(one.end_s + aftermath_s, record.lasted_s) - min(one.start_s, record.lasted_s), 0.0)
        for one in schedule.episodes
    )
    trips = 0
    for move in record.moves:
        latest = schedule.latest_of(move.browser, move.at_s)
        calm = latest is None or move.at_s > latest.end_s + aftermath_s
        trips += calm and move.before is BreakerState.CLOSED and move.after is BreakerState.OPEN
    return max(record.lasted_s * len(schedule.plan.browsers) - sick_s, 0.0), trips
