"""What a breaker without a canary refuses where nothing is broken and each call fails by chance now and then.

Run ``python -m benchmarks.breaker_noise`` from the repository's root. Nothing real is called: a clock of its own, the
breakers in memory and the learner at work. The first minutes are told apart: there the fixed breaker decides. A second
table has outages beside the noise, and how long it takes until they are seen.
"""

import argparse
from collections.abc import Iterable
from statistics import mean, median

from tests.support.noisy_calls import Caller, Toll, Traffic

FAILING = (0.05, 0.10, 0.18, 0.30)
PER_S = (1.0, 20.0, 100.0)
WARM_UP_S = 120.0

#: Outages of 20 to 90 s, one in five minutes.
OUTAGES = tuple((300.0 * n + 200.0, 300.0 * n + 200.0 + long) for n, long in enumerate((60.0, 20.0, 90.0, 45.0)))


def _tolls(failing: float, per_s: float, minutes: float, seeds: int, **more: object) -> Iterable[Toll]:
    for seed in range(seeds):
        yield Caller(Traffic(failing=failing, per_s=per_s, length_s=60.0 * minutes, seed=seed, **more)).run()  # type: ignore[arg-type]


def _noise(seeds: int, minutes: float) -> None:
    print(f"no outage, {seeds} seeds of {minutes:g} min: share of calls refused; worst seed; learned rate")
    for per_s in PER_S:
        for failing in FAILING:
            tolls = list(_tolls(failing, per_s, minutes, seeds, warm_up_s=WARM_UP_S))
            refused, after = [one.whole_share for one in tolls], [one.refused_share for one in tolls]
            rate = mean(one.learned.base_rate for one in tolls)
            print(
                f"{per_s:5g} calls/s, {failing:4.0%} fail: {mean(refused):6.1%} ({max(refused):6.1%}), without the "
                f"first {WARM_UP_S / 60:g} min {mean(after):6.1%} ({max(after):6.1%}); {rate:.3f}",
                flush=True,
            )


def _outages(seeds: int) -> None:
    print(f"{len(OUTAGES)} outages in 20 min, {seeds} seeds: refused while healthy, in outages; outages seen, after")
    for per_s in PER_S[:2]:
        for failing in FAILING:
            tolls = list(_tolls(failing, per_s, 20.0, seeds, outages=OUTAGES))
            refused = mean(one.refused_share for one in tolls)
            spared = sum(one.spared for one in tolls) / sum(one.broken for one in tolls)
            seen = [seconds for one in tolls for seconds in one.seen_s] or [0.0]
            print(
                f"{per_s:5g} calls/s, {failing:4.0%} fail: {refused:6.1%}, {spared:4.0%}; "
                f"{len(seen)} of {seeds * len(OUTAGES)}, {median(seen):.1f} s (longest {max(seen):.1f})",
                flush=True,
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--minutes", type=float, default=6.0)
    wanted = parser.parse_args()
    _noise(wanted.seeds, wanted.minutes)
    _outages(wanted.seeds)


if __name__ == "__main__":
    main()
