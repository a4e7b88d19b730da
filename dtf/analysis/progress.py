"""How long a run will take from here."""

from typing import Final

from dtf.domain.ports.views import RunView

#: From this share of its cases on, only what was observed counts.
_TRUSTED: Final = 0.2


def remaining_s(run: RunView, *, now: float, predicted_left_s: float | None = None, slots: int = 1) -> float | None:
    """Estimate the seconds until a run ends; None when nothing can be said yet.

    At the beginning the predicted work counts, later the pace at which cases came in, and in between a mix of both.

    Args:
        run: The run.
        now: The time in seconds since the epoch, on the database's clock.
        predicted_left_s: Predicted seconds of the shards that are not finished; None: not known.
        slots: How many slots work on them.
    """
    if run.finished_at is not None:
        return 0.0
    predicted_s = None if predicted_left_s is None else predicted_left_s / max(slots, 1)
    share = done_share(run)
    if run.started_at is None or share <= 0.0:
        return predicted_s
    observed_s = max(now - run.started_at, 0.0) * (1.0 - share) / share
    if predicted_s is None:
        return observed_s
    trust = min(share / _TRUSTED, 1.0)
    return trust * observed_s + (1.0 - trust) * predicted_s


def done_share(run: RunView) -> float:
    """The share of a run that is done, 0 to 1: of its known cases, or of its jobs where no cases are expected."""
    if run.expected > 0:
        return min((sum(run.cases.values()) + run.running) / run.expected, 1.0)
    return run.jobs_finished / run.jobs if run.jobs else 0.0
