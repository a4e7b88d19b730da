"""The runs, and one of them."""

from dtf.bootstrap.ledger import Ledger
from dtf.dashboard.pages.page import Page
from dtf.dashboard.pages.record_page import RecordPage


class Runs(Page):
    """All runs."""

    path = r"/lab/runs"
    template = "runs.html"
    entry = "runs"


class Run(RecordPage):
    """One run, by its id; ``last``, and the beginning of an id that only one has, lead to it."""

    path = r"/lab/runs/([^/]+)"
    template = "run.html"
    entry = "runs"

    def found(self, ledger: Ledger, name: str) -> str:
        """The run's id."""
        return ledger.views.resolve_run(name)
