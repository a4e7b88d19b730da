"""The bandit's regret against the fixed order of recoveries: ``python -m dtf.benchmarks.recovery_bandit``.

It is a simulation over measured times (``recovery_times``): no browser runs. Each failure is drawn by its kind and
intensity; whoever recovers sees the kind only. What is tried costs its time; what does not help costs that and the time
to see it, or a whole time limit where the failure hangs. The best order is computed from the table itself, for somebody
who knows every chance but not the intensity that was drawn.
"""

import argparse
import math
import random
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

from dtf.benchmarks.recovery_times import FAULTS, FIXED_ORDER, Fault
from dtf.domain.breaker import Target
from dtf.domain.failure import FailureType
from dtf.domain.recovery import Recovery, RecoveryAction
from dtf.resilience.bandit import RecoveryBandit, TimeLimits

#: What suffices fails nevertheless so often; assumed.
SLIP = 0.05
#: How far measured times scatter: the standard deviation of their logarithm; assumed.
SCATTER = 0.25
#: How long it takes to see that a recovery did not help, in seconds, where the failure does not hang; assumed.
SEEN_S = 0.1
#: The time limit of a recovery where it does not adapt, in seconds; assumed.
LIMIT_S = 10.0

_TARGET = Target(hardware="webgpu", name="simulated")

#: Chooses among what was not tried yet, for a kind of failure, after so many tries.
_Choose = Callable[[FailureType, Sequence[RecoveryAction], int], RecoveryAction]


@dataclass(slots=True)
class Arm:
    """A way to recover, with what it has cost so far.

    Attributes:
        name: For the table.
        choose: What it does next.
        learn: Takes in what came of it; None: it does not learn.
        limits: Its time limits; None: a fixed one.
        limit_s: The fixed one, in seconds.
        costs: Seconds for each failure.
    """

    name: str
    choose: _Choose
    learn: Callable[[Recovery], None] | None
    limits: TimeLimits | None
    limit_s: float
    costs: list[float] = field(default_factory=list)

    def recover(self, fault: Fault, rng: random.Random) -> None:
        """Try one thing after the other until the failure is over."""
        left, spent, tries = list(FIXED_ORDER), 0.0, 0
        while True:
            # when all was tried in vain the deepest is tried again
            action = self.choose(fault.failure, left or FIXED_ORDER[-1:], tries)
            limit = self.limits.limit_s(action) if self.limits else self.limit_s
            worked, time_s = _try(fault, action, limit, rng)
            spent, tries = spent + time_s, tries + 1
            self._learn(fault, action, time_s, tries=tries, worked=worked)
            if worked:
                self.costs.append(spent)
                return
            if action in left:
                left.remove(action)

    def _learn(self, fault: Fault, action: RecoveryAction, time_s: float, *, tries: int, worked: bool) -> None:
        if self.limits:
            self.limits.learn_one(action, time_s, worked=worked)
        if self.learn:
            told = Recovery(
                target=_TARGET, failure=fault.failure, action=action, succeeded=worked, time_s=time_s, attempt=tries
            )
            self.learn(told)


def _try(fault: Fault, action: RecoveryAction, limit_s: float, rng: random.Random) -> tuple[bool, float]:
    """Whether a recovery helped, and how long it was until that was known, in seconds."""
    # both are always drawn, so that arms that see the same faults stay in step
    slipped, scatter = rng.random() < SLIP, math.exp(rng.gauss(0.0, SCATTER))
    time_s = fault.usual_s(action) * scatter
    if fault.suffices(action) and not slipped:
        return (True, time_s) if time_s <= limit_s else (False, limit_s)
    return False, limit_s if fault.hangs else min(time_s + SEEN_S, limit_s)


def best_order(failure: FailureType, limit_s: float) -> _Choose:
    """What somebody does who knows the table: the cheapest expected cost from here on, by what was tried in vain."""
    faults = [fault for fault in FAULTS if fault.failure is failure]

    @cache
    def plan(left: frozenset[RecoveryAction], weights: tuple[float, ...]) -> tuple[float, RecoveryAction]:
        if not left:
            return limit_s, FIXED_ORDER[-1]
        return min(((_cost(action, left, weights), action) for action in left), key=lambda pair: (pair[0], pair[1]))

    def _cost(action: RecoveryAction, left: frozenset[RecoveryAction], weights: tuple[float, ...]) -> float:
        total, cost, after = sum(weights), 0.0, []
        for fault, weight in zip(faults, weights, strict=True):
            worked = (1 - SLIP) if fault.suffices(action) else 0.0
            usual = fault.usual_s(action) * math.exp(SCATTER**2 / 2)
            failed_s = limit_s if fault.hangs else usual + SEEN_S
            cost += weight / total * (worked * usual + (1 - worked) * failed_s)
            after.append(weight * (1 - worked))
        rest = sum(after) / total
        return cost + (rest * plan(left - {action}, tuple(after))[0] if rest > 0 else 0.0)

    start = tuple(fault.weight for fault in faults)

    def choose(_failure: FailureType, left: Sequence[RecoveryAction], _tries: int) -> RecoveryAction:
        tried = [action for action in FIXED_ORDER if action not in left]
        weights = start
        for action in tried:
            weights = tuple(
                weight * (SLIP if fault.suffices(action) else 1.0)
                for fault, weight in zip(faults, weights, strict=True)
            )
        return plan(frozenset(left), weights)[1]

    return choose


def run(seed: int, failures: int, limit_s: float = LIMIT_S) -> list[Arm]:
    """Let every arm recover from the same failures."""
    schedule = _schedule(_chance(f"faults {seed}"), failures)
    arms = _arms(seed, limit_s)
    for number, fault in enumerate(schedule):
        for arm in arms:
            arm.recover(fault, _chance(f"{seed} {number}"))
    return arms


def _chance(name: str) -> random.Random:
    return random.Random(name)  # noqa: S311  # a simulation is to be repeatable


def _schedule(rng: random.Random, failures: int) -> list[Fault]:
    return rng.choices(FAULTS, [fault.weight for fault in FAULTS], k=failures)


def _arms(seed: int, limit_s: float) -> list[Arm]:
    best = {failure: best_order(failure, limit_s) for failure in {fault.failure for fault in FAULTS}}

    def fixed(_failure: FailureType, left: Sequence[RecoveryAction], _tries: int) -> RecoveryAction:
        return left[0]

    def known(failure: FailureType, left: Sequence[RecoveryAction], tries: int) -> RecoveryAction:
        return best[failure](failure, left, tries)

    plain, adaptive = (RecoveryBandit(_chance(f"bandit {seed}")) for _ in range(2))
    return [
        Arm("fixed order", fixed, None, None, limit_s),
        Arm("fixed order, adaptive limits", fixed, None, TimeLimits(longest_s=limit_s), limit_s),
        Arm("bandit", plain.choose, plain.learn_one, None, limit_s),
        Arm("bandit, adaptive limits", adaptive.choose, adaptive.learn_one, TimeLimits(longest_s=limit_s), limit_s),
        Arm("best order, told the table", known, None, None, limit_s),
    ]


def report(seeds: int, failures: int, first_seed: int, limit_s: float = LIMIT_S) -> str:
    """A table in Markdown: what each arm cost, and by how much it was dearer than the fixed order."""
    runs = [run(seed, failures, limit_s) for seed in range(first_seed, first_seed + seeds)]
    base = [sum(arms[0].costs) for arms in runs]
    said = (
        "A simulation over the measured times of recovery_times.py, no measurement:"
        f" {seeds} seeds from {first_seed}, {failures} failures each, a fixed time limit of {limit_s:g} s."
        " Seconds until recovered; regret and the last third against the fixed order."
    )
    lines = [
        said,
        "",
        "| arm | seconds, mean | per failure | regret, mean [95 %] | last third | seeds better |",
        "|---|---|---|---|---|---|",
    ]
    for number, name in enumerate(arm.name for arm in runs[0]):
        costs = [arms[number].costs for arms in runs]
        totals = [sum(cost) for cost in costs]
        gaps = [total - fixed for total, fixed in zip(totals, base, strict=True)]
        tail = failures * 2 // 3
        late = [sum(arms[number].costs[tail:]) / max(_LEAST_S, sum(arms[0].costs[tail:])) - 1 for arms in runs]
        better = sum(gap < 0 for gap in gaps)
        lines.append(
            f"| {name} | {statistics.mean(totals):.1f} | {statistics.mean(totals) / failures:.3f}"
            f" | {_interval(gaps)} | {100 * statistics.mean(late):+.1f} % | {better} of {seeds} |"
        )
    return "\n".join(lines)


_LEAST_S = 1e-9


def _interval(values: Sequence[float]) -> str:
    mean = statistics.mean(values)
    if len(values) < 2:
        return f"{mean:+.1f}"
    half = 1.96 * statistics.stdev(values) / math.sqrt(len(values))
    return f"{mean:+.1f} [{mean - half:+.1f}, {mean + half:+.1f}]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m dtf.benchmarks.recovery_bandit", description=__doc__)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--failures", type=int, default=300)
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="the fixed time limit of a recovery, in seconds")
    asked = parser.parse_args(arguments)
    if asked.seeds < 1 or asked.failures < 1 or asked.limit < 1:
        parser.error("--seeds, --failures and --limit are at least 1")
    sys.stdout.write(report(asked.seeds, asked.failures, asked.first_seed, asked.limit) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
