"""The dashboard's application."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import flower
from flower.app import Flower, rewrite_handler
from flower.options import options as flower_options
from flower.urls import settings as flower_settings
from tornado.httputil import HTTPServerRequest
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.routing import URLSpec
from tornado.web import RedirectHandler, RequestHandler, StaticFileHandler

from dtf.bootstrap.monitoring import Laboratory
from dtf.dashboard.cluster_link import LinkedCelery, NoBrokerError
from dtf.dashboard.events import PatientEvents
from dtf.dashboard.flower_api import flower_rules
from dtf.dashboard.guard import Guard
from dtf.dashboard.hints.truth import Truth
from dtf.dashboard.inspector import PatientInspector
from dtf.dashboard.live.eye import Eye
from dtf.dashboard.live.hub import Hub
from dtf.dashboard.live.observer import Observer
from dtf.dashboard.live.topics import TOPICS
from dtf.dashboard.loader import Loader
from dtf.dashboard.options import DashboardOptions
from dtf.dashboard.shield import Shield
from dtf.dashboard.urls import rules

log = logging.getLogger(__name__)
_T = TypeVar("_T")

#: So often it is looked up what became of tasks that events told of, in milliseconds.
_CATCH_UP_MS = 1000
#: How long workers may take to tell about themselves, in milliseconds.
_INSPECT_MS = 2500.0

_OURS, _FLOWERS = Path(__file__).parent, Path(flower.__file__).parent


class Refusal(RequestHandler):
    """Answers what the guard refuses."""

    def initialize(self, reason: str) -> None:
        """Take over what is said."""
        self._told = reason

    def check_xsrf_cookie(self) -> None:
        """It is refused in any case, and is to be told why."""

    def prepare(self) -> None:
        """Say why, whatever the method."""
        self.set_status(403)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{self._told}\n")


class Dashboard(Flower):  # type: ignore[misc]  # Flower has no types
    """Flower's application with dtf's pages.

    Flower's options and metrics are the process's: there is one dashboard in a process.

    Args:
        options: How it was started.
        capp: Celery.
        laboratory: What it shows.

    Attributes:
        dashboard_options: How it was started.
        laboratory: What it shows.
        hub: Tells pages what changes.
        topics: What they can hear of.
        truth: What became of Celery's tasks.
    """

    #: Threads for what waits: workers that are asked hold several of them for seconds.
    max_workers = 16

    def __init__(self, options: DashboardOptions, capp: LinkedCelery, laboratory: Laboratory) -> None:
        self.dashboard_options, self.laboratory = options, laboratory
        self.hub, self.topics = Hub(), frozenset(TOPICS)
        #: Why the last look saw nothing; empty: it did.
        self.unseen = ""
        self._observer = Observer(Eye(laboratory), self._seen, self._unseen)
        self._guard = Guard(options)
        _set_flower(options)
        # a page that is open asks each second; what is refused or fails is told
        logging.getLogger("tornado.access").setLevel(logging.WARNING)
        settings = _settings(options)
        io_loop = IOLoop.current()
        events = PatientEvents(
            capp,
            io_loop,
            enable_events=True,
            max_workers_in_memory=flower_options.max_workers,
            max_tasks_in_memory=flower_options.max_tasks,
        )
        super().__init__(
            options=flower_options, capp=capp, events=events, io_loop=io_loop, transforms=[Shield], **settings
        )
        self.inspector = PatientInspector(io_loop, capp, flower_options.inspect_timeout / 1000.0)
        self.truth = Truth(events.state, laboratory.ledger.fates, self.elsewhere)
        self._catching_up = PeriodicCallback(self.truth.catch_up, _CATCH_UP_MS)
        assets = (r"/assets/(.*)", StaticFileHandler, {"path": str(_OURS / "static")})
        own = [*rules(), assets, *flower_rules()]
        home = {"url": f"{options.prefix}/", "permanent": False}
        if options.prefix:
            own = [_below(rule, options.prefix) for rule in own]
            own.append((options.prefix, RedirectHandler, {"url": f"{options.prefix}/"}))
        own.append((rf"{options.prefix}/lab/?", RedirectHandler, home))
        self.add_handlers(r".*", own)

    def elsewhere(self, work: Callable[[], _T]) -> "asyncio.Future[_T]":
        """What ``work`` returns, which waits in a thread of its own."""
        return asyncio.wrap_future(self.executor.submit(work))

    @property
    def broker_uri(self) -> str:
        """The present broker's address, without its password; empty: there is none."""
        return self._told_of_broker(lambda connection: connection.as_uri())

    @property
    def broker_uri_with_password(self) -> str:
        """The same with its password."""
        return str(self.capp.present_broker())

    @property
    def transport(self) -> str:
        """What kind of broker it is; empty: there is none."""
        return self._told_of_broker(lambda connection: connection.transport.driver_type)

    def _told_of_broker(self, told: Callable[[Any], str]) -> str:
        try:
            with self.capp.connection_for_read() as connection:
                return told(connection)
        except NoBrokerError:
            return ""

    def start_http_server(self) -> int:
        """Listen, and look at the laboratory from now on; the port."""
        port = super().start_http_server()
        self._observer.start()
        self._catching_up.start()
        return int(port)

    def stop(self) -> None:
        """End with all threads."""
        self._observer.stop()
        self._catching_up.stop()
        self.executor.shutdown(wait=False, cancel_futures=True)
        super().stop()

    def _seen(self, topics: dict[str, dict[str, Any]], as_of: float) -> None:
        self.io_loop.add_callback(self._publish, topics, as_of)

    def _unseen(self, reason: str) -> None:
        self.io_loop.add_callback(self._fail, reason)

    def _fail(self, reason: str) -> None:
        self.unseen = reason
        self.hub.notify("error", reason)

    def _publish(self, topics: dict[str, dict[str, Any]], as_of: float) -> None:
        self.unseen = ""
        for topic, value in topics.items():
            self.hub.publish(topic, value, as_of)
        self.hub.tick(as_of)

    def find_handler(self, request: HTTPServerRequest, **options: Any) -> Any:  # noqa: ANN401  # Tornado's
        """The guard comes before every handler, Flower's too."""
        if reason := self._guard.refusal(request.method or "", request.headers):
            log.warning("%s %s from %s is refused: %s", request.method, request.path, request.remote_ip, reason)
            return self.get_handler_delegate(request, Refusal, {"reason": reason})
        return super().find_handler(request, **options)


def _below(rule: Any, prefix: str) -> Any:  # noqa: ANN401  # Tornado's rules
    """A rule below the prefix; Flower's own function forgets what a handler is given."""
    if isinstance(rule, URLSpec):
        return rewrite_handler(rule, prefix)
    pattern, handler, *given = rule
    return (f"{prefix}{pattern}", handler, *given)


def _set_flower(options: DashboardOptions) -> None:
    flower_options.port, flower_options.address = options.port, options.address
    flower_options.url_prefix = options.prefix.strip("/")
    flower_options.read_only = options.read_only
    # a worker on a busy machine takes its time
    flower_options.inspect_timeout = _INSPECT_MS


def _settings(options: DashboardOptions) -> dict[str, Any]:
    settings = dict(flower_settings)
    for name in ("login_url", "static_url_prefix"):
        settings[name] = f"{options.prefix}{settings[name]}"
    settings["template_loader"] = Loader((_OURS / "templates", _FLOWERS / "templates"))
    return settings
