"""Which page stands where."""

from typing import Any, Final

from tornado.web import url

from dtf.dashboard.live.socket import Socket
from dtf.dashboard.live.topics import TOPICS
from dtf.dashboard.pages.breakers import Breakers
from dtf.dashboard.pages.coordinators import Coordinators
from dtf.dashboard.pages.hardware import Hardware
from dtf.dashboard.pages.jobs import Job, Jobs
from dtf.dashboard.pages.network import Network
from dtf.dashboard.pages.overview import Overview
from dtf.dashboard.pages.recovery import Recovery
from dtf.dashboard.pages.resources import Resources
from dtf.dashboard.pages.runs import Run, Runs
from dtf.dashboard.pages.workers import Worker, Workers
from dtf.dashboard.rest.ledger_handler import Nothing
from dtf.dashboard.rest.monitoring import Live, Monitoring
from dtf.dashboard.rest.routes import api_rules
from dtf.dashboard.rest.run import RunNow
from dtf.dashboard.vendor_file import VendorFile

#: dtf's own pages.
PAGES: Final = (
    Resources,
    Coordinators,
    Overview,
    Runs,
    Run,
    Jobs,
    Job,
    Workers,
    Worker,
    Hardware,
    Breakers,
    Recovery,
    Network,
)


def rules() -> list[Any]:
    """The rules of dtf's own pages, and of what they ask."""
    return [
        *(url(page.path, page) for page in PAGES),
        url(r"/ws", Socket, name="socket"),
        url(rf"/api/monitoring/({'|'.join(TOPICS)})", Monitoring, name="monitoring"),
        url(rf"/api/live/({'|'.join(TOPICS)})", Live),
        url(r"/api/monitoring/runs/([^/]+)", RunNow),
        *api_rules(),
        url(r"/api/monitoring(?:/.*)?", Nothing),
        url(r"/assets/vendor/([a-z0-9.-]+)", VendorFile),
    ]
