"""The report of simulated runs."""

from collections.abc import Iterator, Mapping
from typing import Final

from dtf.benchmarks.report.intervals import Estimate
from dtf.benchmarks.report.page import Bar, Bars, Page, Section, Table
from dtf.benchmarks.report.words import change_words, number_words, paragraphs
from dtf.benchmarks.simulation_report.legend import legend
from dtf.benchmarks.simulation_report.results import DELAY, J2, MEASURES, WAITING, Measure, Results
from dtf.benchmarks.simulation_report.verdicts import CONSTANTS, FIXED, LEARNED, NONE, TUNED, verdicts

FLOOR, ORACLE = "floor", "oracle"
#: What the learned breaker is held against, in the order of tables.
REFERENCES: Final = (NONE, FIXED, "tuned fixed", CONSTANTS, TUNED, FLOOR, ORACLE)

_METHOD: Final = """
Everything here is simulated: a discrete-event simulation of a laboratory with 11 targets on four unlike classes of
hardware, whose faults, jobs and luck are drawn from the seed alone. Every arm meets the same ones.

Less is better in every figure. Recoveries and delays are restricted to 600 s, and nothing is left out. Each run begins
with a warm-up that is not measured; what is learned in it is kept.

Refunds: what failed in the row that opened a breaker, or after, keeps its retry. dtf's own breakers give one back also
where such a failure is usual on a healthy target (5 % of the attempts or more); the other arms do not, nor floor and
oracle.

The floor sees causes and has no foresight; the oracle is told the schedule. No breaker knows what they know. Where few
targets are sick (quiet, badtest) a breaker can do better than both, by its refunds for usual failures.
"""
_CAVEATS: Final = """
The breaker's constants resemble the simulation's own fault model; the other conditions show what becomes of it where
they do not.

Arms named after other projects have those projects' default settings; those with canary have one, and refunds, as dtf's
breakers have, which are no learning and help much.

Waiting is no part of J2. That short work may be the probe of an open breaker is not simulated. A canary takes time, but
no slot from work.

The constants, and the numbers of the tuned arms, were chosen in this laboratory, on other seeds than these.

The other conditions have a quarter of the seeds; intervals from so few are rather too narrow.

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


def _sections(results: Results, facts: Mapping[str, str], earlier: Section | None) -> Iterator[Section]:
    yield _by_arm(results)
    if LEARNED in results.arms:
        yield _by_scenario(results)
        if len(results.variants) > 1:
            yield _by_variant(results)
        yield _losses(results)
    if earlier is not None:
        yield earlier
    yield from legend(results.arms, results.scenarios, results.variants)
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
    found = list(_worse(results))
    found.sort(key=lambda one: (one[4].low is None or one[4].low <= 0, one[1] != "all"))
    rows = tuple(
        (variant, scenario, label, other, change_words(one.value, one.low, one.high))
        for variant, scenario, label, other, one in found
    )
    head = ("Conditions", "Scenario", "In", "Against", "Worse by")
    text = ("Every figure in which it is worse, first those whose whole interval says so.",)
    table = Table(head=head, rows=rows)
    return Section(title="Where the learned breaker loses", text=text, table=table, folded=True)


def _worse(results: Results) -> Iterator[tuple[str, str, str, str, Estimate]]:
    """Conditions, scenario, measure, the other arm, and the change, of each figure in which it is worse."""
    others = [one for one in results.arms if one not in (LEARNED, FLOOR, ORACLE)]
    for other, variant in ((one, variant) for one in others for variant in results.variants):
        every = [("", measure) for measure in MEASURES]
        every += [(scenario, measure) for scenario in results.scenarios for measure in (J2, WAITING)]
        for scenario, measure in every:
            change = results.change(LEARNED, other, measure, variant=variant, scenario=scenario)
            if change.value is not None and change.value > 0:
                yield variant, scenario or "all", measure.label, other, change


def _figure(found: Estimate) -> str:
    return number_words(found.value, found.low, found.high)


def _change(results: Results, other: str, measure: Measure, *, variant: str = "", scenario: str = "") -> str:
    found = results.change(LEARNED, other, measure, variant=variant, scenario=scenario)
    return change_words(found.value, found.low, found.high)
