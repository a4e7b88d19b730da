"""What the early warning of openings has shown, for people and as data."""

from dtf.analysis.early_warning import warning_figures
from dtf.cli.terminal.figures import duration
from dtf.domain.early_warning import BAR, FEWEST_WARNINGS, UNTREATED, WarningTally
from dtf.domain.learned import Learned


def warning_line(learned: Learned | None) -> str:
    """One line on how good the warnings were lately, and whether they are acted on; empty: this learner has none."""
    if learned is not None and learned.early_warning is None:
        return ""
    known = learned.early_warning if learned else None
    if known is None or not (known.tally.warnings or known.tally.openings):
        return "early warning: nothing measured yet"
    tally = known.tally
    does = f"acts ({known.canaries} canaries so far; {UNTREATED:.0%} of its warnings untreated)"
    bar = f"acts from {BAR:g} on, over at least {FEWEST_WARNINGS} warnings"
    return f"early warning: {does if tally.earned else 'shadow'}, {_words(tally)}, by chance {known.chance:.2f}; {bar}"


def target_line(learned: Learned | None, target: str) -> str:
    """What is foreseen for one target; empty: it was not looked at."""
    known = learned.early_warning.targets.get(target) if learned and learned.early_warning else None
    if known is None or not known.at:
        return ""
    by = ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in sorted(known.vitals.items()))
    past = f"; so far {_words(known.tally)}" if known.tally.warnings or known.tally.openings else ""
    return f"{known.probability:.0%} that it opens within a minute, by {by or 'nothing that is known of it'}{past}"


def warning_json(learned: Learned | None) -> object:
    """The same as data; None: nothing is known."""
    known = learned.early_warning if learned else None
    return None if known is None else warning_figures(known)


def _words(tally: WarningTally) -> str:
    precision = f"precision {tally.precision:.2f} (at least {tally.precision_bound:.2f}) of {tally.warnings} warnings"
    if not tally.warnings:
        precision = "no warning"
    if not tally.openings:
        return f"{precision}, no opening"
    lead = f", lead time {duration(tally.lead_s)}" if tally.foreseen else ""
    return f"{precision}, recall {tally.recall:.2f} of {tally.openings} openings{lead}"
