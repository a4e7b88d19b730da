"""Where the API answers."""

from typing import Any, Final

from tornado.web import url

from dtf.dashboard.rest.artifact_content import ArtifactContent
from dtf.dashboard.rest.breakers import Breaker, Breakers
from dtf.dashboard.rest.cancelling import JobCancel, RunCancel
from dtf.dashboard.rest.draining import WorkerDrain
from dtf.dashboard.rest.job_why import JobWhy
from dtf.dashboard.rest.ledger_handler import Nothing
from dtf.dashboard.rest.resources import Record, Records
from dtf.dashboard.rest.run_log import RunLog
from dtf.dashboard.rest.run_matrix import RunMatrix
from dtf.dashboard.rest.series import SeriesNames, SeriesOf
from dtf.dashboard.rest.submitting import Runs

#: Below which path the API's first version stands.
API: Final = "/api/v1"

_RESOURCE, _PART = r"([a-z]+)", r"([^/]+)"


def api_rules() -> list[Any]:
    """The rules of the API; the last one takes all that is not there."""
    return [
        url(rf"{API}/breakers", Breakers),
        # the names of what other applications guard may have a slash
        url(rf"{API}/breakers/{_PART}/(.+)", Breaker),
        url(rf"{API}/runs/{_PART}/cancel", RunCancel),
        url(rf"{API}/jobs/{_PART}/cancel", JobCancel),
        url(rf"{API}/workers/{_PART}/drain", WorkerDrain),
        url(rf"{API}/runs/{_PART}/log", RunLog),
        url(rf"{API}/runs/{_PART}/matrix", RunMatrix),
        url(rf"{API}/jobs/{_PART}/why", JobWhy),
        url(rf"{API}/artifacts/{_PART}/{_PART}/{_PART}/content", ArtifactContent),
        url(rf"{API}/series", SeriesOf),
        url(rf"{API}/series/names", SeriesNames),
        url(rf"{API}/(runs)", Runs),
        url(rf"{API}/{_RESOURCE}", Records),
        *(url(rf"{API}/{_RESOURCE}/{'/'.join([_PART] * parts)}", Record) for parts in (1, 2, 3)),
        url(rf"{API}(?:/.*)?", Nothing),
    ]
