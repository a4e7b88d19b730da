"""The jobs, and one of them."""

from dtf.bootstrap.ledger import Ledger
from dtf.dashboard.pages.page import Page
from dtf.dashboard.pages.record_page import RecordPage


class Jobs(Page):
    """All jobs."""

    path = r"/lab/jobs"
    template = "jobs.html"
    entry = "jobs"


class Job(RecordPage):
    """One job, by its id; the beginning of an id that only one has leads to it."""

    path = r"/lab/jobs/([^/]+)"
    template = "job.html"
    entry = "jobs"

    def found(self, ledger: Ledger, name: str) -> str:
        """The job's id."""
        return ledger.views.resolve_job(name)
