"""The numbers that a process decides by, kept until something new was learned."""

from dataclasses import replace
from time import monotonic

from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.store import BreakerStore
from dtf.domain.breaker import Sign, Target
from dtf.domain.learned import Learned
from dtf.resilience.belief import Likelihood
from dtf.resilience.breaker_params import BreakerParams
from dtf.resilience.learned_numbers import learned_sibling_factor
from dtf.resilience.likelihood import Rates, likelihood
from dtf.resilience.tuning import Tuned, expected_s, fixed, tuned, tuned_rates

_LEARNING = (BreakerPolicy.LEARNED, BreakerPolicy.METRICS)

#: More than so many remembered values are forgotten: targets and job groups come and go.
_MOST_REMEMBERED = 10000


class Numbers:
    """Parameters and likelihoods by target and job group.

    Args:
        config: The settings.
        rates: What is normal before anything is learned.
    """

    def __init__(self, config: BreakerConfig, rates: Rates | None = None) -> None:
        self._config = config
        self._base = config.params()
        self._rates = rates or Rates()
        self._learned: Learned | None = None
        self._age_s = 0.0
        self._look_at = 0.0
        self._tuned: dict[Target, Tuned] = {}
        self._weights: dict[tuple[Target, Sign, str], tuple[Likelihood, float]] = {}

    def is_due(self) -> bool:
        """Whether it is time to look for what was learned; one caller at a time gets a yes."""
        now = monotonic()
        if self._config.policy not in _LEARNING or now < self._look_at:
            return False
        self._look_at = now + self._config.learned_every_s
        return True

    def look(self, store: BreakerStore) -> None:
        """Take over what was learned.

        Raises:
            StoreUnavailableError: The store does not answer.
        """
        learned = store.learned()
        self._age_s = store.now() - learned.at if learned else 0.0
        self._learned = learned
        self._tuned = {}
        self._weights = {}

    def tuned(self, target: Target) -> Tuned:
        """A target's numbers, and why they are not the learned ones where they are not."""
        found = self._tuned.get(target)
        if found is None:
            if len(self._tuned) >= _MOST_REMEMBERED:
                self._tuned = {}
            found = self._tuned[target] = self._tune(target)
        return found

    def params(self, target: Target) -> BreakerParams:
        """A target's numbers."""
        return self.tuned(target).params

    def local(self, target: Target) -> BreakerParams:
        """Its numbers while the store is away."""
        return fixed(self.params(target))

    def weight(self, target: Target, sign: Sign, job_group: str) -> tuple[Likelihood, float]:
        """How probable a sign from a job group is with a healthy, a grey and a down target; and the normal rate."""
        key = target, sign, job_group
        found = self._weights.get(key)
        if found is None:
            if len(self._weights) >= _MOST_REMEMBERED:
                self._weights = {}
            rates = self.rates(target, job_group)
            found = self._weights[key] = likelihood(sign, rates), rates.base
        return found

    def rates(self, target: Target, job_group: str) -> Rates:
        """What is normal for a job group on a target."""
        return tuned_rates(self._trusted(target), target, job_group, self._rates)

    def is_learned(self, target: Target) -> bool:
        """Whether a target's numbers are learned ones."""
        return self._trusted(target) is not None

    def expected_s(self, target: Target, job_group: str) -> float | None:
        """How long a job of a group runs on average, in seconds; None: nobody knows."""
        return expected_s(self._trusted(target), job_group)

    def sibling_factor(self, target: Target) -> float:
        """By how much its opening raises the odds that a sibling is bad: more where they were seen to fall together."""
        learned, factor = self._trusted(target), self._config.sibling_factor
        return factor if learned is None else learned_sibling_factor(learned, target, factor)

    def _trusted(self, target: Target) -> Learned | None:
        learning = self._config.policy in _LEARNING
        return self._learned if learning and not self.tuned(target).why_fixed else None

    def _tune(self, target: Target) -> Tuned:
        if self._config.policy not in _LEARNING:
            return Tuned(params=replace(self._base))
        return tuned(
            self._learned,
            target,
            self._base,
            age_s=self._age_s,
            stale_s=self._config.stale_s,
            cold_below=self._config.cold_below,
        )
