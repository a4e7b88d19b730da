"""The thresholds that people see: how many failures in a row open a breaker, and how many without learning."""

from collections.abc import Iterable
from dataclasses import dataclass

from dtf.breakers.config import BreakerConfig
from dtf.breakers.numbers import Numbers
from dtf.breakers.store import BreakerStore
from dtf.domain.breaker import BreakerState, Sign, Target
from dtf.resilience.breaker import failures_to_open, fresh
from dtf.resilience.likelihood import Rates, likelihood


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """What holds for a target, against what would hold if nothing were learned.

    Attributes:
        target: Which.
        state: Where its breaker stands.
        failures: So many failures of the infrastructure in a row would open its breaker after a while without news;
            after many successes a moment ago it may take one more.
        default_failures: So many where nothing was learned.
        base_rate: The share of calls that fail on it while it is healthy.
        default_base_rate: That share where nothing was learned.
        evidence: How many pieces of evidence what was learned rests on.
        why_fixed: Why what was learned is not used; empty: it is used.
    """

    target: Target
    state: BreakerState
    failures: int
    default_failures: int
    base_rate: float
    default_base_rate: float
    evidence: int
    why_fixed: str = ""


def thresholds(store: BreakerStore, config: BreakerConfig, targets: Iterable[Target] = ()) -> list[Threshold]:
    """The thresholds of all targets that have a breaker, and of those named.

    Args:
        store: The breakers.
        config: Their settings.
        targets: Further ones.

    Raises:
        StoreUnavailableError: The store does not answer.
    """
    learned, default = Numbers(config), Numbers(config)
    learned.look(store)
    found = dict(store.all())
    known = store.learned()
    return [
        Threshold(
            target=target,
            state=found[target].state if target in found else BreakerState.CLOSED,
            failures=failures_at_rest(learned, target),
            default_failures=failures_at_rest(default, target),
            base_rate=learned.rates(target, "").base,
            default_base_rate=Rates().base,
            evidence=known.target(target).evidence if known else 0,
            why_fixed=learned.tuned(target).why_fixed,
        )
        for target in sorted({*found, *targets})
    ]


def failures_at_rest(numbers: Numbers, target: Target) -> int:
    """How many failures of the infrastructure in a row open a breaker at rest; its belief of now is no threshold.

    Args:
        numbers: By which it decides; some that never looked give what holds where nothing was learned.
        target: Whose breaker.
    """
    params = numbers.params(target)
    return failures_to_open(fresh(params, 0.0), params, likelihood(Sign.INFRA, numbers.rates(target, "")))
