"""The numbers by which a breaker decides."""

from dataclasses import dataclass
from enum import StrEnum


class Policy(StrEnum):
    """By what a breaker opens."""

    #: By so many failures in a row; also where nothing is learned yet, or what was learned is stale.
    FIXED = "fixed"
    #: By its belief about the target.
    BELIEF = "belief"


#: The fewest and the most failures in a row that open a breaker, whatever was learned or set.
LEAST_FAILURES, MOST_FAILURES = 2, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerParams:
    """The numbers by which a breaker decides; times in seconds.

    Attributes:
        policy: By what it opens.
        failures_to_open: Failures in a row that open it under the fixed policy; crashes count where there is no canary.
        open_at: It opens above this probability of being bad.
        suspect_at: Above this one it asks for a canary, and holds work back until that returns.
        close_at: It closes below this one.
        calm_at: Below this one earlier failures are forgotten.
        bad_rate: How often a healthy target turns bad, per second.
        heal_s: How long a bad target stays so where nobody notices.
        grey_share: The share of grey ones among those that turn bad.
        outage_median_s: The median outage.
        outage_shape: 1.702 / the standard deviation of the outages' logarithms.
        probe_every_s: The pause before the first probe of an open breaker, and between two.
        probe_quick_s: The same, where it had closed shortly before.
        quick_within_s: What "shortly" means.
        passes_to_close: So many probes in a row close it, whatever it believes.
        probes: How many probes may be under way at a time.
        lease_s: After so long a probe that has not returned is given up.
        hold_s: How long a closed breaker holds work back at most, waiting for a canary.
        canary: Whether there is one: then no real work is used as a probe.
    """

    policy: Policy = Policy.BELIEF
    failures_to_open: int = 4
    open_at: float = 0.9
    suspect_at: float = 0.3
    close_at: float = 0.15
    calm_at: float = 0.05
    bad_rate: float = 1 / 3600
    heal_s: float = 90.0
    grey_share: float = 0.35
    outage_median_s: float = 60.0
    outage_shape: float = 1.7
    probe_every_s: float = 5.0
    probe_quick_s: float = 2.0
    quick_within_s: float = 60.0
    passes_to_close: int = 6
    probes: int = 1
    lease_s: float = 30.0
    hold_s: float = 10.0
    canary: bool = True


#: The strong fixed breaker: what remains when nothing is learned.
FIXED = BreakerParams(policy=Policy.FIXED, passes_to_close=1)
