"""Flower's own pages and API: which handlers answer where.

Its API answers without further settings where only this machine can reach the dashboard: the guard has let the request
through. Beyond the loopback device Flower's own rule holds: its API can have workers of other applications do anything,
so that it answers only who has set FLOWER_UNAUTHENTICATED_API, and knows that there are no accounts.
"""

from typing import Any

from flower.api import BaseApiHandler
from flower.urls import handlers as flower_handlers
from flower.views import BaseHandler
from tornado.web import HTTPError, url

from dtf.dashboard.hints.rules import replacement


class _Guarded:
    """In front of Flower's API."""

    application: Any
    request: Any

    @property
    def unauthenticated_api(self) -> bool:
        """Never, for what Flower makes of it: it would let pages of other sites read."""
        return False

    def prepare(self) -> None:
        """Answer, but change nothing where the dashboard is read-only."""
        if not self.application.dashboard_options.is_loopback and not _is_opened(self):
            raise HTTPError(
                401,
                "beyond the loopback device Flower's API answers only with FLOWER_UNAUTHENTICATED_API=true in the "
                "dashboard's environment; dtf's own API is at /api/v1",
            )
        if self.application.options.read_only and self.request.method not in ("GET", "HEAD"):
            raise HTTPError(403, "the dashboard was started read-only")


def _is_opened(handler: Any) -> bool:  # noqa: ANN401  # Flower has no types
    """Whether Flower's own variable of the environment opens its API."""
    return bool(BaseHandler.unauthenticated_api.fget(handler))


def flower_rules() -> list[Any]:
    """The rules that stand in place of Flower's own."""
    found = []
    for rule in flower_handlers:
        pattern, handler = (rule.regex.pattern, rule.handler_class) if isinstance(rule, url) else (rule[0], rule[1])
        answering = replacement(handler)
        if issubclass(handler, BaseApiHandler):
            answering = type(f"Open{handler.__name__}", (_Guarded, answering), {})
        # what is at / is dtf's
        if answering is not handler and pattern not in ("/", "/$"):
            found.append((pattern, answering))
    return found
