"""``POST /api/v1/runs/ID/cancel`` and ``/api/v1/jobs/ID/cancel``."""

from typing import Any, Final

from dtf.dashboard.rest.action import Action

_USUAL: Final = "cancelled in the dashboard"


class RunCancel(Action):
    """Calls off a run."""

    async def post(self, run_id: str) -> None:
        """How many shards were called off; none where it was over."""
        reason = self.reason(self.members("reason"), _USUAL)

        def work() -> dict[str, Any]:
            self.ledger.listing.one("runs", (run_id,))  # there is such a run
            return {"run_id": run_id, "cancelled": self.ledger.submissions.cancel_run(run_id, reason)}

        await self.answer_with(work)


class JobCancel(Action):
    """Calls off a job."""

    async def post(self, job_id: str) -> None:
        """How many shards were called off; none where it was over."""
        reason = self.reason(self.members("reason"), _USUAL)

        def work() -> dict[str, Any]:
            self.ledger.listing.one("jobs", (job_id,))  # there is such a job
            return {"job_id": job_id, "cancelled": self.ledger.submissions.cancel_job(job_id, reason)}

        await self.answer_with(work)
