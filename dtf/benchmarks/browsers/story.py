"""The report of a benchmark with real browsers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from dtf.benchmarks.browsers.arms.catalogue import ARMS, COLD, CONSTANTS, FIXED, LEARNED, NONE, ORACLE
from dtf.benchmarks.browsers.caveats import caveats, method
from dtf.benchmarks.browsers.details import learned_sections, losses_section, timelines_section
from dtf.benchmarks.browsers.figures import DELAY, LOST, MEASURES, RECOVERY, RESOURCES, Measure
from dtf.benchmarks.browsers.groups import COMPARED, Group
from dtf.benchmarks.browsers.measures import LONGEST_S
from dtf.benchmarks.browsers.plots import changes_plot, recovery_plot
from dtf.benchmarks.browsers.results import Results
from dtf.benchmarks.report.page import Page, Section, Table, Verdict
from dtf.benchmarks.report.words import change_words, list_words, number_words, short

#: What the learned breaker has to reach against no breaker: at least so much less.
_WANTED: Final = ((RECOVERY, 0.45), (DELAY, 0.45), (LOST, 0.40), (RESOURCES, 0.20))
_SAME_JOBS: Final = (
    "A job that meets no fault because its browser is refused to it is no affected job, so the recovery times of two "
    "arms are of different jobs. The delay is not: it is of the jobs that came for a sick browser alone, the same in "
    "every arm."
)
_RECOVERY: Final = (
    "From a job's first failure by the infrastructure to its verdict. A job that never had one counts as "
    f"{LONGEST_S:g} s, and stays below the line for ever."
)
#: Of fewer lost jobs no share is told.
_FEW_LOST: Final = 10
#: Where none of many was lost, fewer than so many are lost on average, with 95 % (the rule of three).
_MOST_OF_NONE: Final = 3.0
_SUBJECTS: Final = (LEARNED, COLD, CONSTANTS)
#: Another restriction of recovery times, which shows how much of a figure the usual one makes.
_OTHER_LONGEST_S: Final = 30.0


def make_page(results: Results, facts: Mapping[str, str], earlier: Section | None) -> Page:
    """The report.

    Args:
        results: The runs, measured.
        facts: Where they were made.
        earlier: How they compare with an earlier report; None: there is none.
    """
    count = sum(len(schedule.episodes) for schedule in results.schedules)
    browsers = list_words([*results.schedules[0].plan.browsers])
    lead = (
        f"{count} episodes of real faults with each of {len(results.runs)} arms, in {browsers}: all arms met the same "
        "faults and the same jobs. Intervals are of 95 %, by bootstrap over paired episodes; less is better everywhere."
    )
    return Page(
        title="Circuit breakers under real faults in real browsers",
        lead=lead,
        verdicts=tuple(verdicts(results)),
        sections=tuple(_sections(results, facts, earlier)),
    )


def verdicts(results: Results) -> Iterator[Verdict]:
    """What the learned breaker was to reach, and what it did."""
    if LEARNED not in results.runs or NONE not in results.runs:
        return
    for measure, wanted in _WANTED:
        if measure is LOST:
            yield _lost_verdict(results, wanted)
            continue
        found = results.change(LEARNED, NONE, measure)
        yield Verdict(
            what=_what(measure, wanted),
            found=change_words(found.value, found.low, found.high),
            reached=None if found.value is None else found.value <= -wanted,
            surely=found.high is not None and found.high <= -wanted,
        )


def _lost_verdict(results: Results, wanted: float) -> Verdict:
    """Of few lost jobs no share is told; where none was lost, three is what 95 % of such runs lose at most."""
    lost = {arm: results.sum_episodes(arm, "affected_lost") for arm in (NONE, LEARNED)}
    found = results.change(LEARNED, NONE, LOST)
    high = found.high
    if not lost[LEARNED] and lost[NONE]:
        high = _MOST_OF_NONE / lost[NONE] - 1
    is_told = found.value is not None and lost[NONE] >= _FEW_LOST
    return Verdict(
        what=_what(LOST, wanted),
        found=f"{change_words(found.value, found.low, found.high)}; {lost[LEARNED]:.0f} in place of {lost[NONE]:.0f}",
        reached=found.value is not None and found.value <= -wanted if is_told else None,
        surely=high is not None and high <= -wanted,
    )


def _what(measure: Measure, wanted: float) -> str:
    return f"{measure.label}: at least {100 * wanted:.0f} % less than without a breaker"


def _sections(results: Results, facts: Mapping[str, str], earlier: Section | None) -> Iterator[Section]:
    yield _figures(results)
    yield _against(results)
    yield _recovery(results)
    if earlier is not None:
        yield earlier
    yield from _by_group(results)
    yield losses_section(results)
    yield from learned_sections(results)
    yield timelines_section(results)
    arms = tuple((arm, ARMS[arm]) for arm in results.runs)
    yield Section(title="The arms", table=Table(head=("Arm", "What it is"), rows=arms))
    yield Section(title="How it was measured", items=method(results))
    yield Section(title="Caveats", items=caveats(results))
    yield Section(title="Where", table=Table(head=("", ""), rows=tuple(facts.items())))


def _figures(results: Results) -> Section:
    head = (
        "Arm",
        "Recovery time, s",
        "Affected jobs with a verdict in the end",
        "Resource-seconds per episode",
        "Delay of jobs for a sick browser, s",
        "Delay of any job, s",
        "Waiting of a job, s",
        "Healthy time lost per episode, s",
        "False trips per healthy hour",
        "Breaker opened / episodes that did harm",
        "Detection, s",
    )
    return Section(
        title="By arm", table=Table(head=head, rows=tuple(_figure_row(results, arm) for arm in results.runs))
    )


def _figure_row(results: Results, arm: str) -> tuple[str, ...]:
    totals = results.totals[arm]
    affected, judged = results.success(arm)
    share = f" ({100 * judged / affected:.1f} %)" if affected else ""
    harmful, opened = (results.sum_episodes(arm, name) for name in ("harmful", "opened"))
    healthy_h, jobs = results.sum(arm, "healthy_h"), results.sum(arm, "jobs")
    has_breaker = arm not in (NONE, ORACLE)

    def told(name: str) -> str:
        return number_words(totals[name].value, totals[name].low, totals[name].high)

    return (
        arm,
        told("recovery_s"),
        f"{judged} of {affected}{share}",
        told("resource_s"),
        told("exposed_delay_s"),
        *(short(results.sum(arm, name) / jobs) if jobs else "-" for name in ("delay_s", "waited_s")),
        told("blocked_s"),
        short(results.sum(arm, "false_trips") / healthy_h) if has_breaker and healthy_h else "-",
        f"{opened:.0f} / {harmful:.0f}" if has_breaker else "-",
        short(results.sum_episodes(arm, "detection_s") / harmful) if has_breaker and harmful else "-",
    )


def _against(results: Results) -> Section:
    """The measures against no breaker as plots, and the breakers against the strong fixed one as a table."""
    wanted = {measure.name: -share for measure, share in _WANTED}
    plots = tuple(
        changes_plot(results, measure, NONE, wanted.get(measure.name)) for measure in COMPARED if NONE in results.runs
    )
    head = ("Measure", *(f"{arm} against {other}" for arm, other in _pairs(results)))
    rows = tuple(
        (measure.label, *(_told(results, arm, other, measure) for arm, other in _pairs(results)))
        for measure in MEASURES
    )
    text = (_SAME_JOBS,)
    return Section(
        title="Against no breaker and the strong fixed one", text=text, plots=plots, table=Table(head=head, rows=rows)
    )


def _pairs(results: Results) -> Sequence[tuple[str, str]]:
    pairs = [*((arm, NONE) for arm in (FIXED, LEARNED)), *((arm, FIXED) for arm in _SUBJECTS), (LEARNED, ORACLE)]
    return [pair for pair in pairs if set(pair) <= set(results.runs)]


def _told(results: Results, arm: str, other: str, measure: Measure, group: Group | None = None) -> str:
    found = results.change(arm, other, measure, group)
    return change_words(found.value, found.low, found.high)


def _recovery(results: Results) -> Section:
    head = ("Arm", "Affected jobs", "Without a verdict", f"Mean to {LONGEST_S:g} s", f"Mean to {_OTHER_LONGEST_S:g} s")
    rows = []
    for arm in results.runs:
        affected, judged = results.success(arm)
        means = (results.totals[arm]["recovery_s"].value, results.restricted(arm, _OTHER_LONGEST_S))
        rows.append((arm, str(affected), str(affected - judged), *map(number_words, means)))
    text = (_RECOVERY,)
    return Section(
        title="How soon affected jobs recover",
        text=text,
        plots=(recovery_plot(results),),
        table=Table(head=head, rows=tuple(rows)),
    )


def _by_group(results: Results) -> Iterator[Section]:
    if LEARNED not in results.runs:
        return
    others = [other for other in (NONE, FIXED) if other in results.runs]
    for kind in dict.fromkeys(group.kind for group in results.groups):
        groups = [group for group in results.groups if group.kind == kind]
        head = (
            kind.capitalize(),
            "Episodes",
            *(f"{one.label}, against {other}" for other in others for one in COMPARED),
        )
        rows = tuple(
            (
                group.name.replace("_", " "),
                str(len(group.units)),
                *(_told(results, LEARNED, other, one, group) for other in others for one in COMPARED),
            )
            for group in groups
        )
        title = f"The learned breaker by {kind}"
        yield Section(title=title, table=Table(head=head, rows=rows), folded=True)
