"""What the learned breaker was to reach in the simulation, and what it did."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from dtf.benchmarks.report.intervals import Estimate
from dtf.benchmarks.report.page import Verdict
from dtf.benchmarks.report.words import change_words
from dtf.benchmarks.simulation_report.results import J2, WAITING, Measure, Results

NONE, FIXED, CONSTANTS, TUNED, LEARNED = "none", "strong fixed", "constants", "tuned constants", "learned"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """A figure of the learned breaker against another arm's, and how much larger it may be at most."""

    what: str
    other: str
    measure: Measure
    most: float


_CLAIMS: Final = (
    _Claim(what="J2: at least 25 % less than strong fixed", other=FIXED, measure=J2, most=-0.25),
    _Claim(what="J2: at least 15 % less than constants", other=CONSTANTS, measure=J2, most=-0.15),
    # its own constants are those of today, which are better than those of the first design
    _Claim(what="J2: at least 15 % less than tuned constants", other=TUNED, measure=J2, most=-0.15),
    _Claim(what="waiting not over 10 % longer than with strong fixed", other=FIXED, measure=WAITING, most=0.10),
)
_SCENARIOS: Final = _Claim(what="in no scenario over 5 % worse than strong fixed", other=FIXED, measure=J2, most=0.05)
_WAITING: Final = _Claim(
    what="in no scenario waiting over 10 % longer than with strong fixed", other=FIXED, measure=WAITING, most=0.10
)


def verdicts(results: Results) -> Iterator[Verdict]:
    """What was to be reached under the first conditions, and under all others: of these the worst is told."""
    first, *others = results.variants
    for claim in _CLAIMS:
        if {LEARNED, claim.other} <= set(results.arms):
            yield _worst(claim, {"": _change(results, claim, first)}, "")
    for claim in (_SCENARIOS, _WAITING):
        if {LEARNED, claim.other} <= set(results.arms):
            yield _worst(claim, _scenarios(results, claim, first), "")
    if not others:
        return
    for claim in _CLAIMS:
        if {LEARNED, claim.other} <= set(results.arms):
            yield _worst(claim, {one: _change(results, claim, one) for one in others}, ", under each other condition")
    if {LEARNED, FIXED} <= set(results.arms):
        found = {
            f"{one}, {scenario}": change
            for one in others
            for scenario, change in _scenarios(results, _SCENARIOS, one).items()
        }
        yield _worst(_SCENARIOS, found, ", under each other condition")


def _change(results: Results, claim: _Claim, variant: str, scenario: str = "") -> Estimate:
    return results.change(LEARNED, claim.other, claim.measure, variant=variant, scenario=scenario)


def _scenarios(results: Results, claim: _Claim, variant: str) -> Mapping[str, Estimate]:
    return {scenario: _change(results, claim, variant, scenario) for scenario in results.scenarios}


def _worst(claim: _Claim, found: Mapping[str, Estimate], where: str) -> Verdict:
    """The verdict about a claim that is to hold for all of some changes: the largest is told."""
    told = {name: (one.value, one) for name, one in found.items() if one.value is not None}
    if not told:
        return Verdict(what=f"{claim.what}{where}", found="-", reached=None, surely=False)
    name = max(told, key=lambda one: told[one][0])
    value, worst = told[name]
    kept = sum(one[0] <= claim.most for one in told.values())
    beside = f" (the worst: {name}; {kept} of {len(told)} reach it)" if name else ""
    return Verdict(
        what=f"{claim.what}{where}{beside}",
        found=change_words(worst.value, worst.low, worst.high, claim.most),
        reached=value <= claim.most,
        surely=all(one.high is not None and one.high <= claim.most for _, one in told.values()),
    )
