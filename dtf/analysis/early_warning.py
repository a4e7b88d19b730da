"""What the early warning of openings has shown, as figures."""

from dtf.domain.codec import to_json
from dtf.domain.early_warning import BAR, EarlyWarnings


def warning_figures(known: EarlyWarnings) -> dict[str, object]:
    """All that is kept of the warnings, with how good they were, and whether they are acted on, in JSON's types."""
    tally = known.tally
    return {
        **to_json(known),
        "acts": tally.earned,
        "acts_from": BAR,
        "precision": tally.precision,
        "precision_at_least": tally.precision_bound,
        "recall": tally.recall,
        "chance": known.chance,
    }
