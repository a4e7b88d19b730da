"""``/api/v1/runs/ID/matrix``: models or operators by hardware and device, as ``dtf matrix`` has them."""

from typing import Final

from dtf.analysis.matrix.gather import gather_matrix
from dtf.analysis.matrix.matrix import make_matrix
from dtf.analysis.reports.matrix_json import matrix_data
from dtf.dashboard.rest.ledger_handler import LedgerHandler
from dtf.dashboard.rest.question import read_question
from dtf.domain.ports.listing import BadQuestionError, Kind

MATRIX: Final = Kind(key={}, fields={}, details={}, filters={"reference": ()}, sorts=())


class RunMatrix(LedgerHandler):
    """The matrix of a run."""

    async def get(self, run_id: str) -> None:
        """The matrix, compared with the hardware tag ``reference`` (``cpu`` where there is one)."""
        question = read_question("a matrix", MATRIX, self.request.query_arguments)
        if question.sort or question.after or "limit" in self.request.query_arguments:
            raise BadQuestionError("a matrix is told whole: it takes a reference alone", "sort")
        reference = question.filters.get("reference", "")

        def work() -> dict[str, object]:
            as_of = self.ledger.listing.one("runs", (run_id,))["as_of"]  # and there is such a run
            views = self.ledger.views
            return {**matrix_data(make_matrix(gather_matrix(views, [run_id]), reference)), "as_of": as_of}

        await self.answer_with(work)
