"""``POST /api/v1/workers/ID/drain``."""

from typing import Any

from tornado.web import HTTPError

from dtf.dashboard.rest.action import Action
from dtf.domain.worker import WorkerState


class WorkerDrain(Action):
    """Has a worker finish what it has, and take nothing more."""

    async def post(self, worker_id: str) -> None:
        """Where the worker stands now: it hears of it with its next heartbeat."""
        self.members()

        def work() -> dict[str, Any]:
            worker = self.ledger.listing.one("workers", (worker_id,))
            if worker["state"] == WorkerState.OFFLINE:
                raise HTTPError(409, f"the worker {worker['name'][:200]} is offline: there is nothing to drain")
            self.ledger.workers.set_state(worker_id, WorkerState.DRAINING)
            return {"worker_id": worker_id, "state": WorkerState.DRAINING.value}

        await self.answer_with(work)
