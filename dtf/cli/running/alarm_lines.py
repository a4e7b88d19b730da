"""What operators are needed for, on a terminal and as data."""

from collections.abc import Sequence

from dtf.cli.terminal.figures import duration
from dtf.domain.codec import to_json
from dtf.domain.escape import one_line
from dtf.domain.ports.views import AlarmView

#: How many are named; the others are counted.
_NAMED = 5


def alarm_lines(alarms: Sequence[AlarmView], now: float) -> list[str]:
    """A line for each shard that dtf cannot help by itself; nothing where there is none."""
    lines = [
        one_line(
            f"an operator is needed: shard {one.shard_id} of job {one.job_id} (queue {one.queue}) failed"
            f" {one.failures} times, last {duration(max(0.0, now - one.at))} ago on {one.worker},"
            f" and goes to other workers: {one.failure}: {one.reason}",
            500,
        )
        for one in alarms[:_NAMED]
    ]
    more = len(alarms) - _NAMED
    return [*lines, f"an operator is needed for {more} more"] if more > 0 else lines


def alarm_json(alarms: Sequence[AlarmView]) -> list[object]:
    """The same in JSON's types."""
    return [to_json(one) for one in alarms]
