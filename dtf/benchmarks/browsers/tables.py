"""The tables of figures: by arm, and by group of episodes."""

from collections.abc import Iterator
from typing import Final

from dtf.benchmarks.browsers.arms.catalogue import FIXED, LEARNED, NONE, ORACLE
from dtf.benchmarks.browsers.groups import COMPARED
from dtf.benchmarks.browsers.judgement import told
from dtf.benchmarks.browsers.measures import LONGEST_S
from dtf.benchmarks.browsers.plots import recovery_plots
from dtf.benchmarks.browsers.results import POPULATIONS, Results
from dtf.benchmarks.report.page import Section, Table
from dtf.benchmarks.report.words import number_words, short

_RECOVERY: Final = (
    "Of a struck job from its arrival, of an affected one from its first failure with the arm, to the verdict. A job "
    f"that never had one counts as {LONGEST_S:g} s, and stays below the line for ever."
)


def arms_section(results: Results) -> Section:
    """What each arm came to."""
    head = (
        "Arm",
        "Recovery time of a struck job, s",
        "Struck jobs with a verdict in the end",
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
    return Section(title="By arm", table=Table(head=head, rows=tuple(_arm_row(results, arm) for arm in results.runs)))


def _arm_row(results: Results, arm: str) -> tuple[str, ...]:
    totals = results.totals[arm]
    harmful, opened = (results.sum_episodes(arm, name) for name in ("harmful", "opened"))
    healthy_h = results.sum(arm, "healthy_h")
    has_breaker = arm not in (NONE, ORACLE)

    def figure(name: str) -> str:
        return number_words(totals[name].value, totals[name].low, totals[name].high)

    return (
        arm,
        figure("struck_delay_s"),
        *(_success(results, arm, of) for of in POPULATIONS),
        figure("resource_s"),
        figure("exposed_delay_s"),
        figure("came_delay_s"),
        figure("came_waited_s"),
        figure("blocked_s"),
        short(results.sum(arm, "false_trips") / healthy_h) if has_breaker and healthy_h else "-",
        f"{opened:.0f} / {harmful:.0f}" if has_breaker else "-",
        short(results.sum_episodes(arm, "detection_s") / harmful) if has_breaker and harmful else "-",
    )


def _success(results: Results, arm: str, of: str) -> str:
    jobs, judged = results.success(arm, of)
    share = f" ({100 * judged / jobs:.1f} %)" if jobs else ""
    return f"{judged} of {jobs}{share}"


def recovery_section(results: Results) -> Section:
    """How soon struck and affected jobs recover, and how many never do."""
    head = (
        "Arm",
        "Struck jobs",
        "Without a verdict",
        "Mean, s",
        "Affected jobs",
        "Without a verdict",
        "Mean, s",
        "All together per episode, s",
    )
    rows = []
    for arm in results.runs:
        totals = results.totals[arm]
        cells = []
        for of, name in zip(POPULATIONS, ("struck_delay_s", "recovery_s"), strict=True):
            jobs, judged = results.success(arm, of)
            cells += [str(jobs), str(jobs - judged), number_words(totals[name].value)]
        rows.append((arm, *cells, number_words(totals["recovery_sum_s"].value)))
    return Section(
        title="How soon jobs recover",
        text=(_RECOVERY,),
        plots=recovery_plots(results),
        table=Table(head=head, rows=tuple(rows)),
    )


def group_sections(results: Results) -> Iterator[Section]:
    """The learned breaker by the type of the fault and so on, against no breaker and the strong fixed one."""
    if LEARNED not in results.runs:
        return
    others = [other for other in (NONE, FIXED) if other in results.runs]
    for kind in dict.fromkeys(group.kind for group in results.groups):
        head = (
            kind.capitalize(),
            "Episodes",
            *(f"{one.label}, against {other}" for other in others for one in COMPARED),
        )
        rows = tuple(
            (
                group.name.replace("_", " "),
                str(len(group.units)),
                *(told(results, LEARNED, other, one, group) for other in others for one in COMPARED),
            )
            for group in results.groups
            if group.kind == kind
        )
        yield Section(title=f"The learned breaker by {kind}", table=Table(head=head, rows=rows), folded=True)
