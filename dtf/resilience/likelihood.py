"""How probable each sign is with a healthy, a grey and a down target."""

from dataclasses import dataclass

from dtf.domain.breaker import Sign
from dtf.resilience.belief import Likelihood

#: Which share of the work fails on a grey target, and on one that is down.
_GREY, _DOWN = 0.55, 0.95
#: Of the infrastructure's failures so many show as such, and so many as a crash.
_SHOWN, _AS_CRASH = 0.85, 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What is normal, as far as it is known.

    Attributes:
        base: The share of jobs that fail by the infrastructure on a healthy target.
        group: The share of this job's group that crashes by its own fault.
        canary_false: The share of canaries that fail on a healthy target.
        canary_missed: The share of canaries that pass although the target would have failed a job.
        hang: The share of jobs that never end on a healthy target.
    """

    base: float = 0.02
    group: float = 0.1
    canary_false: float = 0.01
    canary_missed: float = 0.05
    hang: float = 0.06


#: From this base rate on a failure of the infrastructure is nothing out of the ordinary on a target.
USUAL_FROM = 0.05


def is_usual(sign: Sign, base: float) -> bool:
    """Whether a failure is what a healthy target does every so often: the job that met it is not to pay for it.

    Where one attempt in five fails by the infrastructure, four bad ones in a row come to a good job sooner or later.

    Args:
        sign: What was seen.
        base: The share of jobs that fail by the infrastructure on the target while it is healthy.
    """
    return sign is Sign.INFRA and base >= USUAL_FROM


def likelihood(sign: Sign, rates: Rates) -> Likelihood:
    """How probable a sign is with a healthy, a grey and a down target.

    A crash may be the job's own fault: the more of its group crash anyway, the less it says about the target.

    Args:
        sign: What was seen.
        rates: What is normal.
    """
    base, group = rates.base, rates.group
    if sign is Sign.WORKED:
        return 1 - base, 1 - _GREY, 1 - _DOWN
    if sign is Sign.INFRA:
        return _SHOWN * base, _SHOWN * _GREY, _SHOWN * _DOWN
    if sign is Sign.CRASH:
        return (
            _AS_CRASH * base + group,
            _AS_CRASH * _GREY + group * (1 - _GREY),
            _AS_CRASH * _DOWN + group * (1 - _DOWN),
        )
    if sign is Sign.OVERRUN:
        hang = max(rates.hang, 0.06)
        return 0.06, 0.06 * (1 - _GREY) + _GREY * hang, 0.06 * (1 - _DOWN) + _DOWN * hang
    seen = 1 - rates.canary_missed
    failed = rates.canary_false, _GREY * seen, _DOWN * seen
    if sign is Sign.CANARY_FAILED:
        return failed
    return 1 - failed[0], 1 - failed[1], 1 - failed[2]
