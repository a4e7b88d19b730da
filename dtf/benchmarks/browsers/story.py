"""The report of a benchmark with real browsers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from dtf.benchmarks.browsers.arms.catalogue import ARMS, COLD, CONSTANTS, FIXED, LEARNED, NONE, ORACLE
from dtf.benchmarks.browsers.caveats import caveats, method
from dtf.benchmarks.browsers.details import learned_sections, losses_section, restrictions_section, timelines_section
from dtf.benchmarks.browsers.figures import MEASURES
from dtf.benchmarks.browsers.judgement import TARGETS, definitions_section, told, verdicts
from dtf.benchmarks.browsers.plots import changes_plot
from dtf.benchmarks.browsers.results import Results
from dtf.benchmarks.browsers.tables import arms_section, group_sections, recovery_section
from dtf.benchmarks.report.page import Page, Section, Table
from dtf.benchmarks.report.words import list_words

_SUBJECTS: Final = (LEARNED, COLD, CONSTANTS)


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


def _sections(results: Results, facts: Mapping[str, str], earlier: Section | None) -> Iterator[Section]:
    yield definitions_section(results)
    yield arms_section(results)
    yield _against(results)
    yield recovery_section(results)
    if earlier is not None:
        yield earlier
    yield from group_sections(results)
    yield restrictions_section(results)
    yield losses_section(results)
    yield from learned_sections(results)
    yield timelines_section(results)
    arms = tuple((arm, ARMS[arm]) for arm in results.runs)
    yield Section(title="The arms", table=Table(head=("Arm", "What it is"), rows=arms))
    yield Section(title="How it was measured", items=method(results))
    yield Section(title="Caveats", items=caveats(results))
    yield Section(title="Where", table=Table(head=("", ""), rows=tuple(facts.items())))


def _against(results: Results) -> Section:
    """The measures against no breaker as plots, and the breakers against the strong fixed one as a table."""
    plots = tuple(
        changes_plot(results, target.measure, NONE, -target.wanted) for target in TARGETS if NONE in results.runs
    )
    head = ("Measure", *(f"{arm} against {other}" for arm, other in _pairs(results)))
    rows = tuple(
        (measure.label, *(told(results, arm, other, measure) for arm, other in _pairs(results))) for measure in MEASURES
    )
    title = "Against no breaker and the strong fixed one"
    return Section(title=title, plots=plots, table=Table(head=head, rows=rows))


def _pairs(results: Results) -> Sequence[tuple[str, str]]:
    pairs = [*((arm, NONE) for arm in (FIXED, LEARNED)), *((arm, FIXED) for arm in _SUBJECTS), (LEARNED, ORACLE)]
    return [pair for pair in pairs if set(pair) <= set(results.runs)]
