"""Flower's own API, which answers without further settings: the guard has let the request through."""

from typing import Any

from flower.api import BaseApiHandler
from flower.urls import handlers as flower_handlers
from tornado.web import HTTPError, url


class _Guarded:
    """In front of Flower's own: whoever is on this machine may ask, as by every other tool of dtf's.

    Flower opens its API by a variable of the environment, and then to pages of other sites as well. The dashboard's
    guard refuses these, so that nothing has to be set.
    """

    application: Any
    request: Any

    @property
    def unauthenticated_api(self) -> bool:
        """Never: it would let pages of other sites read."""
        return False

    def prepare(self) -> None:
        """Answer, but change nothing where the dashboard is read-only."""
        if self.application.options.read_only and self.request.method not in ("GET", "HEAD"):
            raise HTTPError(403, "the dashboard was started read-only")


def open_handlers() -> list[Any]:
    """The rules of Flower's API with handlers that answer."""
    found = []
    for rule in flower_handlers:
        pattern, handler = (rule.regex.pattern, rule.handler_class) if isinstance(rule, url) else (rule[0], rule[1])
        if issubclass(handler, BaseApiHandler):
            found.append((pattern, type(f"Open{handler.__name__}", (_Guarded, handler), {})))
    return found
