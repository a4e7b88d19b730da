"""``/api/v1/jobs/ID/why``: what a job waits for, or why it ended as it did, as ``dtf why`` says it."""

from collections.abc import Sequence
from typing import Any, Final

from dtf.analysis.situation import situation_of
from dtf.analysis.why import why
from dtf.bootstrap.monitoring import Laboratory
from dtf.breakers.config import BreakerPolicy
from dtf.breakers.status import statuses
from dtf.dashboard.rest.ledger_handler import LedgerHandler
from dtf.domain.codec import to_json
from dtf.domain.errors import DtfError
from dtf.domain.ports.breakers import BreakerView, refuses

#: Where breakers refuse nothing.
_LENIENT: Final = frozenset((BreakerPolicy.METRICS, BreakerPolicy.OFF))


class JobWhy(LedgerHandler):
    """Why a job stands where it stands."""

    async def get(self, job_id: str) -> None:
        """The cause, a sentence, what to do, and where an operator is needed."""
        await self.answer_with(lambda: _told(self.laboratory, job_id))


def _told(laboratory: Laboratory, job_id: str) -> dict[str, Any]:
    laboratory.ledger.listing.one("jobs", (job_id,))  # there is such a job, whatever its name is made of
    views = laboratory.ledger.views
    refusing, unknown = _refusing(laboratory)
    situation = situation_of(views, job_id, refusing)
    answer, alarms = why(situation), views.alarms(job_id)
    told = {
        "job_id": job_id,
        "cause": answer.cause.value,
        "why": answer.sentence,
        "advice": answer.advice,
        "operator_needed": [to_json(one) for one in alarms],
        "as_of": situation.now,
    }
    return {**told, "breakers_unknown": unknown} if unknown else told


def _refusing(laboratory: Laboratory) -> tuple[Sequence[BreakerView], str]:
    """The breakers that let no work through, and why nothing is known of them; empty: it is."""
    config = laboratory.breaker_config
    if config.policy in _LENIENT:
        return (), ""
    try:
        store = laboratory.breakers()
        found = statuses(store, config, laboratory.ledger.breakers) if store is not None else []
    except DtfError as error:
        return (), str(error)
    return [status.view for status in found if refuses(status.view)], ""
