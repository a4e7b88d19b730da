"""The workers, and one of them."""

from dtf.bootstrap.ledger import Ledger
from dtf.dashboard.pages.page import Page
from dtf.dashboard.pages.record_page import RecordPage


class Workers(Page):
    """All workers."""

    path = r"/lab/workers"
    template = "lab_workers.html"
    entry = "lab_workers"


class Worker(RecordPage):
    """One worker, by its id."""

    path = r"/lab/workers/([^/]+)"
    template = "lab_worker.html"
    entry = "lab_workers"

    def found(self, ledger: Ledger, name: str) -> str:
        """The worker's id."""
        return str(ledger.listing.one("workers", (name,))["worker_id"])
