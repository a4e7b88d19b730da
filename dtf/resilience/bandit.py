"""Chooses among recovery strategies by what they have cost and achieved."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from dtf.domain.failure import FailureType
from dtf.domain.recovery import LEVEL_OF, Recovery, RecoveryAction, RecoveryLevel

#: What a slot-second that a recovery burns costs beside the second that it takes, and another slot that it takes from
#: its work, which then begins cold, in seconds.
RESOURCE_WEIGHT: Final = 0.5
IMPACT_S: Final = 5.0

#: What a strategy is taken to cost before anything is measured, in seconds.
PRIOR_COST_S: Final[Mapping[RecoveryLevel, float]] = MappingProxyType(
    {
        RecoveryLevel.BASIC_RETRY: 0.5,
        RecoveryLevel.ENHANCED_RETRY: 1.0,
        RecoveryLevel.COMPONENT_RESTART: 2.5,
        RecoveryLevel.SYSTEM_RECOVERY: 15.0,
        RecoveryLevel.FULL_RECOVERY: 60.0,
    }
)

#: The least that anything costs, in seconds: what is free would be tried for ever.
_LEAST_S: Final = 0.01
#: After so many failures of one piece of work it makes no difference how many there were.
_MOST_TRIES: Final = 3


def cost_s(recovery: Recovery) -> float:
    """What a recovery cost, in seconds: its time, what it burnt, and what it took from others."""
    return max(_LEAST_S, recovery.time_s + RESOURCE_WEIGHT * recovery.resource_s + IMPACT_S * recovery.impact)


def helped(recovery: Recovery) -> bool:
    """Whether it was worth it: the probe passed, the target held, and the job came to its end, as far as is known."""
    return recovery.succeeded and recovery.stable is not False and recovery.job_recovered is not False


@dataclass(slots=True)
class Score:
    """What is known of one strategy in one situation; forgotten with time.

    Attributes:
        worked: How often it helped.
        failed: How often it did not.
        cost_s: What it cost on average, in seconds.
    """

    worked: float
    failed: float
    cost_s: float

    @property
    def evidence(self) -> float:
        """How many trials this rests on."""
        return self.worked + self.failed

    def fade(self, discount: float) -> None:
        """Let what is known count for less."""
        self.worked *= discount
        self.failed *= discount

    def learn(self, cost: float, *, worked: bool) -> None:
        """Take a trial in."""
        self.worked += worked
        self.failed += not worked
        # what was assumed counts as one trial
        self.cost_s += (cost - self.cost_s) / (self.evidence + 1)


class RecoveryBandit:
    """Thompson sampling over strategies that are tried until one helps.

    A situation is the kind of failure and how often the work has failed already. For each strategy in it the chance to
    help is a Beta distribution over discounted counts, and its cost a running mean. Of independent strategies that are
    tried one after the other, the order by chance over cost is the cheapest (Weitzman 1979 for the general rule); so
    a chance is drawn for each, and the largest quotient goes first. Counts fade with each trial in their situation, so
    that a strategy that stopped working is found out; a small share of choices is drawn at random, so that one that
    began to work is found as well. Until a situation has been seen often enough the fixed order decides.
    """

    def __init__(
        self, rng: random.Random, *, discount: float = 0.985, explore: float = 0.03, enough: float = 8.0
    ) -> None:
        """Build one that knows nothing.

        Args:
            rng: Where chance comes from.
            discount: What a trial counts for after each further one in its situation.
            explore: The share of choices that are drawn at random.
            enough: So many trials a situation needs before the fixed order is left.
        """
        self._rng = rng
        self._discount = discount
        self._explore = explore
        self._enough = enough
        self._known: dict[tuple[FailureType, int], dict[RecoveryAction, Score]] = {}

    def learn_one(self, recovery: Recovery) -> None:
        """Take in what came of a recovery; its attempt says how often the work had failed, from 1."""
        situation = self._situation(recovery.failure, recovery.attempt - 1)
        for score in situation.values():
            score.fade(self._discount)
        score = situation.setdefault(recovery.action, _unknown(recovery.action))
        score.learn(cost_s(recovery), worked=helped(recovery))

    def choose(self, failure: FailureType, offered: Sequence[RecoveryAction], tries: int = 0) -> RecoveryAction:
        """Choose what to do.

        Args:
            failure: What went wrong.
            offered: What can be done, in the fixed order; at least one.
            tries: How often the same work has failed before.
        """
        situation = self._situation(failure, tries)
        if len(offered) == 1 or sum(score.evidence for score in situation.values()) < self._enough:
            return offered[0]
        if self._rng.random() < self._explore:
            return self._rng.choice(offered)
        return max(offered, key=lambda action: self._draw(situation.get(action) or _unknown(action)))

    def score(self, failure: FailureType, action: RecoveryAction, tries: int = 0) -> Score:
        """What is known of a strategy, for people to see."""
        return self._situation(failure, tries).get(action) or _unknown(action)

    def _situation(self, failure: FailureType, tries: int) -> dict[RecoveryAction, Score]:
        return self._known.setdefault((failure, min(max(tries, 0), _MOST_TRIES)), {})

    def _draw(self, score: Score) -> float:
        chance = self._rng.betavariate(1 + score.worked, 1 + score.failed)
        return chance / max(_LEAST_S, score.cost_s)


def _unknown(action: RecoveryAction) -> Score:
    return Score(0.0, 0.0, PRIOR_COST_S[LEVEL_OF[action]])


class TimeLimits:
    """How long a recovery may take before it is given up, by action; it adapts both ways.

    The limit is the mean of what the action took when it worked, and so many standard deviations, both exponentially
    weighted; it is stretched when the action ran into it, and relaxes again when it does not.
    """

    def __init__(self, *, shortest_s: float = 1.0, longest_s: float = 60.0) -> None:
        """Build limits that know nothing: the longest holds.

        Args:
            shortest_s: No limit is shorter, in seconds.
            longest_s: None is longer.
        """
        self._bounds = (shortest_s, longest_s)
        self._seen: dict[RecoveryAction, _Times] = {}

    def limit_s(self, action: RecoveryAction) -> float:
        """How long it may take, in seconds."""
        shortest, longest = self._bounds
        times = self._seen.get(action)
        if times is None or times.count < _ENOUGH_TIMES:
            return longest
        wide = times.mean_s + _DEVIATIONS * math.sqrt(times.variance)
        return min(max(wide * times.stretch, shortest), longest)

    def learn_one(self, action: RecoveryAction, time_s: float, *, worked: bool) -> None:
        """Take in how long one took; one that did not work counts only where it ran into the limit."""
        limit = self.limit_s(action)
        times = self._seen.setdefault(action, _Times())
        if worked:
            times.add(time_s)
        elif time_s >= limit:
            times.stretch = min(times.stretch * _STRETCH, _MOST_STRETCH)


#: How many standard deviations a recovery may take longer than usual, and after how many trials that is known.
_DEVIATIONS, _ENOUGH_TIMES = 4.0, 3
_STRETCH, _RELAX, _MOST_STRETCH = 1.25, 0.9, 4.0
#: What a new time counts against those before.
_WEIGHT = 0.2


@dataclass(slots=True)
class _Times:
    mean_s: float = 0.0
    variance: float = 0.0
    count: int = 0
    stretch: float = 1.0

    def add(self, time_s: float) -> None:
        self.count += 1
        # the first ones are simply averaged
        weight = max(_WEIGHT, 1 / self.count)
        off = time_s - self.mean_s
        self.mean_s += weight * off
        self.variance = (1 - weight) * (self.variance + weight * off * off)
        # a short history knows little of the spread
        self.variance = max(self.variance, (0.2 * self.mean_s) ** 2)
        self.stretch = max(1.0, self.stretch * _RELAX)
