"""The runs, and one of them."""

from typing import Any

from dtf.dashboard.pages.page import Page
from dtf.domain.errors import LedgerUnavailableError, UnknownRecordError


class Runs(Page):
    """All runs."""

    path = r"/lab/runs"
    template = "runs.html"
    entry = "runs"


class Run(Page):
    """One run, by its id; ``last``, and the beginning of an id that only one has, lead to it."""

    path = r"/lab/runs/([^/]+)"
    template = "run.html"
    entry = "runs"

    async def get(self, name: str) -> None:  # type: ignore[override]  # its path has a part more
        """The frame, or why there is none."""
        views = self.application.laboratory.ledger.views
        self._run_id, self._problem = name, ""
        try:
            run_id = await self.application.io_loop.run_in_executor(
                self.application.executor, lambda: views.resolve_run(name)
            )
        except UnknownRecordError as error:
            self._problem = str(error)
            self.set_status(404)
        except LedgerUnavailableError as error:
            self._problem = str(error)
            self.set_status(503)
        else:
            if run_id != name:
                self.redirect(f"{self.application.dashboard_options.prefix}/lab/runs/{run_id}")
                return
        self.render(self.template, **self.values())

    def values(self) -> dict[str, Any]:
        """What the template is given."""
        return {**super().values(), "run_id": self._run_id, "problem": self._problem}
