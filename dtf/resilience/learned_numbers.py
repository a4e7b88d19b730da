"""From what was learned to the numbers by which a breaker decides."""

import math
from dataclasses import replace
from typing import Final

from dtf.domain.breaker import Target
from dtf.domain.learned import Learned
from dtf.resilience.breaker_params import BreakerParams
from dtf.resilience.likelihood import Rates

#: A logistic distribution is nearest to a normal one when its argument is stretched by this much.
_LOGISTIC: Final = 1.702

#: The odds of being bad that siblings usually have, and the largest share of openings together that is believed.
_USUAL_ODDS: Final = 0.02
_MOST_TOGETHER: Final = 0.8

#: The bounds of what is taken over: nothing that was learned makes a breaker blind or mad.
BAD_RATE_BOUNDS: Final = (1 / 86400, 1 / 120)
MEDIAN_BOUNDS_S: Final = (5.0, 1800.0)
SD_BOUNDS: Final = (0.3, 2.0)
GROUP_BOUNDS: Final = (0.005, 0.95)


def learned_params(learned: Learned, target: Target, params: BreakerParams) -> BreakerParams:
    """A target's numbers: its hazard and its outages as learned, the rest as it was."""
    known = learned.target(target)
    return replace(
        params,
        bad_rate=_bounded(known.hazard_per_s, BAD_RATE_BOUNDS),
        outage_median_s=_bounded(math.exp(known.outage_log_mean), MEDIAN_BOUNDS_S),
        outage_shape=_LOGISTIC / _bounded(known.outage_log_sd, SD_BOUNDS),
    )


def learned_rates(learned: Learned, target: Target, job_group: str, rates: Rates) -> Rates:
    """What is normal for a job group on a target, as learned; the canary's rates stay as they were."""
    return replace(
        rates,
        base=learned.target(target).base_rate,
        group=_bounded(learned.group(job_group).failure_rate, GROUP_BOUNDS),
    )


def learned_sibling_factor(learned: Learned, target: Target, factor: float) -> float:
    """By how much a target's opening raises the odds that its siblings are bad.

    Where openings of one hardware come together, as many times more as it takes to believe it of them in that share of
    the cases; never less than without learning.
    """
    rate = min(learned.target(target).sibling_rate, _MOST_TOGETHER)
    return max(factor, rate / (1 - rate) / _USUAL_ODDS)


def _bounded(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])
