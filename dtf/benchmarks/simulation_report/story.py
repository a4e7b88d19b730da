"""The report of simulated runs."""

from collections.abc import Iterator, Mapping
from typing import Final

from dtf.benchmarks.report.intervals import Estimate
from dtf.benchmarks.report.page import Bar, Bars, Page, Section, Table, Verdict
from dtf.benchmarks.report.words import change_words, number_words, paragraphs
from dtf.benchmarks.simulation_report.results import DELAY, J2, MEASURES, WAITING, Measure, Results

NONE, FIXED, CONSTANTS, LEARNED = "none", "strong fixed", "constants", "learned"
#: What the learned breaker is held against, in the order of tables.
REFERENCES: Final = (NONE, FIXED, CONSTANTS, "tuned constants", "floor", "oracle")

_METHOD: Final = """
Everything here is simulated: a discrete-event simulation of a laboratory with 11 targets on four unlike classes of
hardware, whose faults, jobs and luck are drawn from the seed alone. Every arm meets the same ones.

J2, in seconds: failed slot-seconds during faults, healthy slot-seconds blocked with work waiting, 120 for each good job
lost, 1 for each canary that passed, and good work that was cancelled. Less is better.

Recoveries and delays are restricted to 600 s, and nothing is left out. Each run begins with a warm-up that is not
measured; what is learned in it is kept.

The floor sees causes and has no foresight; the oracle is told the schedule. No breaker can reach either.
"""
_CAVEATS: Final = """
The breaker's constants resemble the simulation's own fault model; the other conditions show what becomes of it where
they do not.

Arms named after other projects have those projects' default settings; those with canary have one, and refunds, as dtf's
breakers have, which are no learning and help much.

No browser, device or test takes part: for those see the benchmark with real browsers.
"""


def make_page(results: Results, facts: Mapping[str, str], earlier: Section | None) -> Page:
    """The report.

    Args:
        results: The runs.
        facts: Where they were made.
        earlier: How they compare with an earlier report; None: there is none.
    """
    seeds = len(results.seeds(results.variants[0]))
    lead = (
        f"{seeds} seeds of {len(results.scenarios)} scenarios with each of {len(results.arms)} arms, paired: all met "
        "the same faults and the same jobs. Intervals are of 95 %, by bootstrap over seeds."
    )
    return Page(
        title="Circuit breakers in a simulated laboratory",
        lead=lead,
        verdicts=tuple(verdicts(results)),
        sections=tuple(_sections(results, facts, earlier)),
    )


def verdicts(results: Results) -> Iterator[Verdict]:
    """What the learned breaker was to reach, and what it did."""
    for other, wanted in ((FIXED, 0.25), (CONSTANTS, 0.15)):
        if {LEARNED, other} <= set(results.arms):
            found = results.change(LEARNED, other, J2)
            yield _verdict(f"J2: at least {100 * wanted:.0f} % less than {other}", found, -wanted)
    if {LEARNED, FIXED} <= set(results.arms):
        changes = {one: results.change(LEARNED, FIXED, J2, scenario=one) for one in results.scenarios}
        told = {name: found for name, found in changes.items() if found.value is not None}
        if told:
            worst = max(told, key=lambda name: told[name].value or 0.0)
            yield _verdict(f"in no scenario over 5 % worse than {FIXED} (the worst: {worst})", told[worst], 0.05)
        yield _verdict(f"waiting not over 10 % longer than with {FIXED}", results.change(LEARNED, FIXED, WAITING), 0.10)


def _verdict(what: str, found: Estimate, most: float) -> Verdict:
    return Verdict(
        what=what,
        found=change_words(found.value, found.low, found.high),
        reached=None if found.value is None else found.value <= most,
        surely=found.high is not None and found.high <= most,
    )


def _sections(results: Results, facts: Mapping[str, str], earlier: Section | None) -> Iterator[Section]:
    yield _by_arm(results)
    if LEARNED in results.arms:
        yield _by_scenario(results)
        if len(results.variants) > 1:
            yield _by_variant(results)
        yield _losses(results)
    if earlier is not None:
        yield earlier
    yield Section(title="How it was simulated", items=paragraphs(_METHOD))
    yield Section(title="Caveats", items=paragraphs(_CAVEATS))
    yield Section(title="Where", table=Table(head=("", ""), rows=tuple(facts.items())))


def _by_arm(results: Results) -> Section:
    head = ("Arm", *(f"{one.label}{', ' if one.unit else ''}{one.unit}" for one in MEASURES))
    rows = tuple((arm, *(_figure(results.estimate(arm, one)) for one in MEASURES)) for arm in results.arms)
    plots = (_plot(results, FIXED),) if FIXED in results.arms else ()
    return Section(title="By arm", plots=plots, table=Table(head=head, rows=rows))


def _plot(results: Results, other: str) -> Bars:
    """J2 against another arm; what costs many times as much is left to the table, as it would hide the rest."""
    bars = []
    for arm in results.arms:
        found = results.change(arm, other, J2)
        if arm == other or found.value is None or found.value > 1:
            continue
        value, low, high = (None if one is None else 100 * one for one in (found.value, found.low, found.high))
        text = change_words(found.value, found.low, found.high)
        bars.append(Bar(label=arm, value=value, low=low, high=high, text=text, strong=arm == LEARNED))
    return Bars(title=f"J2 against {other}", unit="%", bars=tuple(bars), mark=-25.0, mark_label="to be reached")


def _by_scenario(results: Results) -> Section:
    others = [other for other in REFERENCES if other in results.arms]
    head = ("Scenario", *(f"J2 against {other}" for other in others), *_beside_head(results))
    rows = tuple(
        (
            scenario,
            *(_change(results, other, J2, scenario=scenario) for other in others),
            *(_change(results, FIXED, measure, scenario=scenario) for measure in _beside_j2(results)),
        )
        for scenario in results.scenarios
    )
    return Section(title="The learned breaker by scenario", table=Table(head=head, rows=rows))


def _beside_j2(results: Results) -> tuple[Measure, ...]:
    """What is compared with the strong fixed breaker beside J2."""
    return (WAITING, DELAY) if FIXED in results.arms else ()


def _beside_head(results: Results) -> tuple[str, ...]:
    return tuple(f"{measure.label} against {FIXED}" for measure in _beside_j2(results))


def _by_variant(results: Results) -> Section:
    others = [other for other in REFERENCES if other in results.arms]
    worst = (f"worst scenario against {FIXED}",) if FIXED in results.arms else ()
    head = (
        "Conditions",
        "Seeds",
        *(f"J2 against {other}" for other in others),
        *worst,
        *_beside_head(results),
    )
    rows = tuple(
        (
            variant,
            str(len(results.seeds(variant))),
            *(_change(results, other, J2, variant=variant) for other in others),
            *(_worst(results, variant) for _ in worst),
            *(_change(results, FIXED, measure, variant=variant) for measure in _beside_j2(results)),
        )
        for variant in results.variants
    )
    text = (f"Each seed is a run of {len(results.scenarios)} scenarios.",)
    return Section(title="The learned breaker under other conditions", text=text, table=Table(head=head, rows=rows))


def _worst(results: Results, variant: str) -> str:
    """The scenario in which it does worst against the strong fixed breaker."""
    found = {one: results.change(LEARNED, FIXED, J2, variant=variant, scenario=one) for one in results.scenarios}
    told = {name: change.value for name, change in found.items() if change.value is not None}
    if not told:
        return "-"
    name = max(told, key=lambda one: told[one])
    return f"{name}: {change_words(found[name].value, found[name].low, found[name].high)}"


def _losses(results: Results) -> Section:
    """Every figure in which it is worse than another breaker, or than none."""
    found = []
    for other in (one for one in (NONE, FIXED, CONSTANTS) if one in results.arms):
        for variant in results.variants:
            for scenario in ("", *results.scenarios):
                measures = MEASURES if not scenario else (J2, WAITING)
                for measure in measures:
                    change = results.change(LEARNED, other, measure, variant=variant, scenario=scenario)
                    if change.value is not None and change.value > 0:
                        found.append((variant, scenario or "all", measure.label, other, change))
    found.sort(key=lambda one: (one[4].low is None or one[4].low <= 0, one[1] != "all"))
    rows = tuple(
        (variant, scenario, label, other, change_words(one.value, one.low, one.high))
        for variant, scenario, label, other, one in found
    )
    head = ("Conditions", "Scenario", "In", "Against", "Worse by")
    text = ("Every figure in which it is worse, first those whose whole interval says so.",)
    return Section(title="Where the learned breaker loses", text=text, table=Table(head=head, rows=rows))


def _figure(found: Estimate) -> str:
    return number_words(found.value, found.low, found.high)


def _change(results: Results, other: str, measure: Measure, *, variant: str = "", scenario: str = "") -> str:
    found = results.change(LEARNED, other, measure, variant=variant, scenario=scenario)
    return change_words(found.value, found.low, found.high)
