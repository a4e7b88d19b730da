"""What a breaker believes of its target: healthy, grey (some work fails) or down (nearly all does)."""

import math
from dataclasses import dataclass

#: How probable a piece of evidence is with a healthy, a grey and a down target.
Likelihood = tuple[float, float, float]

#: No evidence makes it quite sure, so that later evidence can always change its mind.
FLOOR = 1e-6


@dataclass(frozen=True, slots=True)
class Belief:
    """The probabilities of the two bad states; the rest is healthy.

    Attributes:
        grey: That some of its work fails.
        down: That nearly all of its work fails.
    """

    grey: float = 0.0
    down: float = 0.0

    @property
    def bad(self) -> float:
        """That it is not healthy."""
        return self.grey + self.down

    def after(self, likelihood: Likelihood) -> "Belief":
        """What it is with a piece of evidence more (Bayes)."""
        healthy = (1 - self.bad) * likelihood[0]
        grey, down = self.grey * likelihood[1], self.down * likelihood[2]
        total = healthy + grey + down
        if not total > 0:
            return self
        return _bounded(grey / total, down / total)

    def raised(self, factor: float) -> "Belief":
        """What it is when the odds of being bad grow by a factor."""
        return self.after((1.0, factor, factor))

    def while_closed(self, elapsed_s: float, *, bad_rate: float, heal_s: float, grey_share: float) -> "Belief":
        """What it is some seconds later, without evidence.

        A two-state Markov process in continuous time: a healthy target turns bad, a bad one heals.

        Args:
            elapsed_s: Seconds.
            bad_rate: How often a healthy target turns bad, per second.
            heal_s: How long a bad one stays so where its breaker does not notice, in seconds.
            grey_share: The share of grey ones among those that turn bad.
        """
        rate = bad_rate + 1 / heal_s
        keep = math.exp(-rate * max(elapsed_s, 0.0))
        new = bad_rate / rate * (1 - keep)
        return _bounded(self.grey * keep + new * grey_share, self.down * keep + new * (1 - grey_share))

    def while_open(self, before_s: float, now_s: float, *, median_s: float, shape: float) -> "Belief":
        """What it is later in an outage, without evidence.

        Outages last log-normally; its distribution function is approximated by the logistic one in the logarithm of
        time, which has a closed form: ``S(t) = 1 / (1 + (t / median) ** shape)``, shape = 1.702 / sd of the logarithms.

        Args:
            before_s: How old the outage was, in seconds.
            now_s: How old it is.
            median_s: The median outage, in seconds.
            shape: How alike they are; the larger, the more.
        """
        still = (1 + (max(before_s, 0.0) / median_s) ** shape) / (1 + (max(now_s, before_s, 0.0) / median_s) ** shape)
        return _bounded(self.grey * still, self.down * still)


def _bounded(grey: float, down: float) -> Belief:
    bad = grey + down
    if bad > 1 - FLOOR:
        return Belief(grey * (1 - FLOOR) / bad, down * (1 - FLOOR) / bad)
    return Belief(max(grey, FLOOR / 2), max(down, FLOOR / 2))
