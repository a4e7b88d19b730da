"""The later parts of the report: where the breaker loses, what was learned, what happened when."""

from collections.abc import Iterator
from typing import Final

from dtf.benchmarks.browsers.arms.catalogue import COLD, CONSTANTS, FIXED, LEARNED, NONE, ORACLE
from dtf.benchmarks.browsers.figures import AFFECTED_RECOVERY, MEASURES, RECOVERY, change, estimate
from dtf.benchmarks.browsers.groups import losses
from dtf.benchmarks.browsers.measures import LONGEST_S
from dtf.benchmarks.browsers.plots import timeline
from dtf.benchmarks.browsers.results import Results
from dtf.benchmarks.report.page import Section, Table
from dtf.benchmarks.report.words import change_words, number_words, short

_TIMELINE: Final = (
    "Filled: an episode, named on pointing at it. Framed: the breaker was not closed. Small marks: uses that failed."
)
#: What recovery times are restricted to, in seconds: the usual, and on both sides of it.
_RESTRICTIONS_S: Final = (60.0, LONGEST_S, 120.0)
_RESTRICTED: Final = (
    f"A job without a verdict counts as {LONGEST_S:g} s, and a longer recovery as no more. With another number in its "
    "place the figures are these."
)
_LEARNED: Final = (
    "The numbers by which the breakers decided at the end of the last run; those of the constants are what learning "
    "begins with."
)


def losses_section(results: Results) -> Section:
    """Every figure in which the learned breaker is worse than another arm."""
    title = "Where the learned breaker loses"
    if LEARNED not in results.runs:
        return Section(title=title, text=("It was not among the arms.",))
    others = {name: units for name, units in results.units.items() if name not in (LEARNED, ORACLE)}
    found = list(losses(results.units[LEARNED], others, results.groups, MEASURES))
    rows = tuple(
        (
            f"{one.group.kind} {one.group.name}".replace("_", " ") if one.group else "all",
            one.measure.label,
            one.other,
            change_words(one.change.value, one.change.low, one.change.high),
            "yes" if one.sure else "no",
        )
        for one in sorted(found, key=lambda one: (not one.sure, one.group is not None))
    )
    text = ("Every figure in which it is worse, the sure ones first: those whose whole interval says so.",)
    head = ("Episodes", "In", "Against", "Worse by", "Sure")
    return Section(title=title, text=text, table=Table(head=head, rows=rows))


def restrictions_section(results: Results) -> Section:
    """How much of the recovery times the restriction makes."""
    rows = []
    for measure in (RECOVERY, AFFECTED_RECOVERY):
        for arm in results.runs:
            means = (estimate(measure, results.restricted(arm, longest_s)).value for longest_s in _RESTRICTIONS_S)
            rows.append((f"{measure.label}, {arm}, s", *map(number_words, means)))
        for other in (other for other in (NONE, FIXED) if {LEARNED, other} <= set(results.runs)):
            changes = (
                change(measure, results.restricted(LEARNED, longest_s), results.restricted(other, longest_s))
                for longest_s in _RESTRICTIONS_S
            )
            told = (change_words(one.value, one.low, one.high) for one in changes)
            rows.append((f"{measure.label}, {LEARNED} against {other}", *told))
    head = ("", *(f"To {longest_s:g} s" for longest_s in _RESTRICTIONS_S))
    table = Table(head=head, rows=tuple(rows))
    return Section(title="With other restrictions", text=(_RESTRICTED,), table=table, folded=True)


def learned_sections(results: Results) -> Iterator[Section]:
    """By what the learning arms decided at the end of their last run, beside the constants."""
    rows = []
    for arm in (CONSTANTS, LEARNED, COLD):
        last = next((one for one in reversed(results.records) if one.arm == arm), None)
        for browser, told in (last.kept.get("numbers", {}) if last else {}).items():
            figures = (100 * told["base_rate"], told["bad_every_s"], told["outage_median_s"])
            decides = told["why_fixed"] or told["policy"]
            rows.append((f"{arm}, {browser}", *map(short, figures), str(told["failures_to_open"]), decides))
    if rows:
        head = (
            "Arm",
            "Fail when healthy, %",
            "Turns bad every, s",
            "Median outage, s",
            "Failures that open it",
            "Decides by",
        )
        yield Section(title="What was learned", text=(_LEARNED,), table=Table(head=head, rows=tuple(rows)))


def timelines_section(results: Results) -> Section:
    """Episodes, openings and failures of the first seed."""
    first = results.schedules[0].seed
    shown = [one for one in results.records if one.schedule.seed == first and one.arm in (NONE, FIXED, LEARNED, ORACLE)]
    text = (_TIMELINE,)
    return Section(title=f"What happened, seed {first}", text=text, plots=tuple(map(timeline, shown)), folded=True)
