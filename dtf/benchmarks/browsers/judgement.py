"""Whether the learned breaker reached what it was to reach, by what is judged and by every other definition."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from dtf.benchmarks.browsers.arms.catalogue import FIXED, LEARNED, NONE
from dtf.benchmarks.browsers.figures import (
    AFFECTED_LOST,
    AFFECTED_RECOVERY,
    DELAY,
    LOST,
    RECOVERY,
    RECOVERY_TOGETHER,
    RESOURCES,
    Measure,
    total,
)
from dtf.benchmarks.browsers.groups import Group
from dtf.benchmarks.browsers.results import Results
from dtf.benchmarks.report.page import Section, Table, Verdict
from dtf.benchmarks.report.words import change_words, digits_beside, paragraphs


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the learned breaker has to reach against no breaker.

    Attributes:
        measure: By which figure.
        wanted: It has to be less by at least this share.
        judged: Whether it is judged by this one; the others are other definitions of the same thing.
    """

    measure: Measure
    wanted: float
    judged: bool = False


TARGETS: Final = (
    Target(measure=RECOVERY, wanted=0.45, judged=True),
    Target(measure=AFFECTED_RECOVERY, wanted=0.45),
    Target(measure=RECOVERY_TOGETHER, wanted=0.45),
    Target(measure=DELAY, wanted=0.45),
    Target(measure=LOST, wanted=0.40, judged=True),
    Target(measure=AFFECTED_LOST, wanted=0.40),
    Target(measure=RESOURCES, wanted=0.20, judged=True),
)
_DEFINITIONS: Final = """
Recovery and failing are judged over the struck jobs: those that failed by the infrastructure at least once with any of
the arms that are compared. They are the same jobs in every arm, each from its arrival to its verdict, so that what a
breaker spares a job counts as well as what it mends.

An affected job failed with the arm itself. A breaker that keeps jobs away from a sick browser has fewer of them, and
keeps those that it could not spare: the means of two arms are over other jobs. All affected jobs together count what
was spared, but not the time for which jobs were held back. Jobs that came for a sick browser alone are the same in
every arm, and leave out those that may run elsewhere. All of these stand beside what is judged, against the same bar.
"""
#: Where fewer jobs than so many are lost, no share of them is told.
_FEW_LOST: Final = 10
#: Where none of many was lost, fewer than so many are lost on average, with 95 % (the rule of three).
_MOST_OF_NONE: Final = 3.0
_LOST: Final = (LOST, AFFECTED_LOST)


def verdicts(results: Results) -> Iterator[Verdict]:
    """What the learned breaker was to reach, and what it did, by every definition; it says which are judged."""
    if LEARNED not in results.runs or NONE not in results.runs:
        return
    for target in TARGETS:
        yield _lost_verdict(results, target) if target.measure in _LOST else _verdict(results, target)


def definitions_section(results: Results) -> Section:
    """Every definition against its bar, arm by arm."""
    arms = [arm for arm in results.runs if arm != NONE] if NONE in results.runs else []
    ends = (f"{LEARNED}: less by at least",) if LEARNED in arms else ()
    beside = (f"{LEARNED} against {FIXED}",) if {LEARNED, FIXED} <= set(results.runs) else ()
    rows = []
    for target in TARGETS:
        cells = [told(results, arm, NONE, target.measure, bar=-target.wanted) for arm in arms]
        if ends:
            cells.append(_nearer_end(results, target))
        if beside:
            cells.append(told(results, LEARNED, FIXED, target.measure))
        judged = "judged" if target.judged else "for comparison"
        rows.append((target.measure.label, judged, f"-{100 * target.wanted:.0f} %", *cells))
    against = (f"{arm} against {NONE}" for arm in arms)
    head = ("By", "", "To be reached", *against, *ends, *beside)
    return Section(title="What is judged", text=paragraphs(_DEFINITIONS), table=Table(head=head, rows=tuple(rows)))


def targets_json() -> list[Mapping[str, object]]:
    """The targets, as JSON's types."""
    return [
        {"measure": one.measure.name, "label": one.measure.label, "less by": one.wanted, "judged": one.judged}
        for one in TARGETS
    ]


def told(
    results: Results, arm: str, other: str, measure: Measure, group: Group | None = None, bar: float | None = None
) -> str:
    """A change against another arm, seen beside its bar where it has one; of lost jobs also their few numbers."""
    found = results.change(arm, other, measure, group)
    words = change_words(found.value, found.low, found.high, bar)
    if measure not in _LOST:
        return words
    sides = (results.units[arm], results.units[other])
    mine, theirs = (total(measure, units if group is None else group.of(units)) for units in sides)
    return f"{words}; {mine:.0f} in place of {theirs:.0f}"


def _verdict(results: Results, target: Target) -> Verdict:
    found = results.change(LEARNED, NONE, target.measure)
    return Verdict(
        what=_what(target),
        found=told(results, LEARNED, NONE, target.measure, bar=-target.wanted),
        reached=None if found.value is None else found.value <= -target.wanted,
        surely=found.high is not None and found.high <= -target.wanted,
    )


def _lost_verdict(results: Results, target: Target) -> Verdict:
    """Of few lost jobs no share is told; where none was lost, three is what 95 % of such runs lose at most."""
    found = results.change(LEARNED, NONE, target.measure)
    lost = total(target.measure, results.units[NONE])
    is_told = found.value is not None and lost >= _FEW_LOST
    high = _high(results, target)
    return Verdict(
        what=_what(target),
        found=told(results, LEARNED, NONE, target.measure, bar=-target.wanted),
        reached=found.value is not None and found.value <= -target.wanted if is_told else None,
        surely=high is not None and high <= -target.wanted,
    )


def _high(results: Results, target: Target) -> float | None:
    """The end of the interval that is nearer to no gain."""
    mine, theirs = (total(target.measure, results.units[arm]) for arm in (LEARNED, NONE))
    if target.measure in _LOST and not mine and theirs:
        return _MOST_OF_NONE / theirs - 1
    return results.change(LEARNED, NONE, target.measure).high


def _nearer_end(results: Results, target: Target) -> str:
    high = _high(results, target)
    return "-" if high is None else f"{-100 * high:.{digits_beside(high, -target.wanted)}f} %"


def _what(target: Target) -> str:
    judged = "judged" if target.judged else "for comparison"
    return f"{target.measure.label}: at least {100 * target.wanted:.0f} % less than without a breaker ({judged})"
