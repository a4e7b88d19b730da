"""``/api/monitoring/runs/ID``: a run as the topic ``runs`` tells it, however old it is."""

from typing import Any

from dtf.dashboard.live.facts.runs import run_fact
from dtf.dashboard.rest.ledger_handler import LedgerHandler


class RunNow(LedgerHandler):
    """One run, with its counts."""

    async def get(self, run_id: str) -> None:
        """The run, with ``as_of``: no later than when it was read."""
        await self.answer_with(lambda: self._told(run_id))

    def _told(self, run_id: str) -> dict[str, Any]:
        views = self.ledger.views
        as_of = views.now()
        return {**run_fact(views.run(run_id)), "as_of": as_of}
