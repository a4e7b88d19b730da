"""Which numbers a breaker decides by: the learned ones where they can be trusted, else the fixed breaker's."""

from dataclasses import dataclass, replace
from math import exp
from typing import Final

from dtf.domain.breaker import Target
from dtf.domain.learned import BASE_RATE_BOUNDS, Learned
from dtf.resilience.breaker_params import LEAST_FAILURES, MOST_FAILURES, BreakerParams, Policy
from dtf.resilience.learned_numbers import learned_params, learned_rates
from dtf.resilience.likelihood import Rates

#: A job is late when it runs for longer than so many standard deviations above its group's mean logarithm.
OVERRUN_SD: Final = 1.9

#: Durations of a group that was seen less often say nothing about what is late, and none is late before so long.
_FEWEST_DURATIONS: Final = 20
_SHORTEST_OVERRUN_S: Final = 1.0

#: Nor does anybody expect anything of a group that was seen less often than this.
_FEWEST_EXPECTED: Final = 5
#: The logarithm of more seconds than anything runs.
_LONGEST_LOG: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """The numbers for one target, and where they come from.

    Attributes:
        params: The breaker's numbers.
        why_fixed: Why what was learned is not used; empty: it is used.
    """

    params: BreakerParams
    why_fixed: str = ""


def tuned(
    learned: Learned | None, target: Target, params: BreakerParams, *, age_s: float, stale_s: float, cold_below: int
) -> Tuned:
    """A target's numbers.

    Args:
        learned: What was published; None: nothing.
        target: Whose breaker.
        params: The numbers before anything was learned.
        age_s: How old the publication is.
        stale_s: How old it may be.
        cold_below: What rests on fewer pieces of evidence is not used.
    """
    why = why_untrusted(learned, target, age_s=age_s, stale_s=stale_s, cold_below=cold_below)
    if why or learned is None:
        return Tuned(params=fixed(params), why_fixed=why)
    return Tuned(params=bounded(learned_params(learned, target, params)))


def why_untrusted(learned: Learned | None, target: Target, *, age_s: float, stale_s: float, cold_below: int) -> str:
    """Why what was learned of a target is not used, in a few words; empty: it is used."""
    if learned is None:
        return "nothing was learned yet, or the learner is away"
    if age_s > stale_s:
        return f"what was learned is {age_s:.0f} s old"
    evidence = learned.target(target).evidence
    if evidence < cold_below:
        return f"only {evidence} of {cold_below} pieces of evidence"
    return ""


def tuned_rates(learned: Learned | None, target: Target, job_group: str, rates: Rates) -> Rates:
    """What is normal for a job group on a target; without anything learned it stays as it was."""
    if learned is None:
        return rates
    found = learned_rates(learned, target, job_group, rates)
    return replace(found, base=min(max(found.base, BASE_RATE_BOUNDS[0]), BASE_RATE_BOUNDS[1]))


def overrun_s(learned: Learned | None, target: Target, job_group: str) -> float | None:
    """After how many seconds a job of a group is late on a target; None: nobody knows yet."""
    known = learned.groups.get(job_group) if learned else None
    if learned is None or known is None or known.evidence < _FEWEST_DURATIONS or known.duration_log_sd <= 0:
        return None
    late = known.duration_log_mean + learned.target(target).latency_drift + OVERRUN_SD * known.duration_log_sd
    return max(exp(min(late, 20.0)), _SHORTEST_OVERRUN_S)


def expected_s(learned: Learned | None, job_group: str) -> float | None:
    """How long a job of a group runs on average, in seconds; None: nobody knows yet."""
    known = learned.groups.get(job_group) if learned else None
    if known is None or known.evidence < _FEWEST_EXPECTED or known.duration_log_sd <= 0:  # no duration is known
        return None
    return exp(min(known.duration_log_mean + known.duration_log_sd**2 / 2, _LONGEST_LOG))


def fixed(params: BreakerParams) -> BreakerParams:
    """The same breaker deciding by failures in a row: what remains when nothing is learned."""
    return bounded(replace(params, policy=Policy.FIXED, passes_to_close=1))


def bounded(params: BreakerParams) -> BreakerParams:
    """The same numbers with the failures that open it between 2 and 10."""
    return replace(params, failures_to_open=min(max(params.failures_to_open, LEAST_FAILURES), MOST_FAILURES))
