"""Where the API answers."""

from typing import Any, Final

from tornado.web import url

from dtf.dashboard.rest.breakers import Breaker, Breakers
from dtf.dashboard.rest.ledger_handler import Nothing
from dtf.dashboard.rest.resources import Record, Records

#: Below which path the API's first version stands.
API: Final = "/api/v1"

_RESOURCE, _PART = r"([a-z]+)", r"([^/]+)"


def api_rules() -> list[Any]:
    """The rules of the API; the last one takes all that is not there."""
    return [
        url(rf"{API}/breakers", Breakers),
        # the names of what other applications guard may have a slash
        url(rf"{API}/breakers/{_PART}/(.+)", Breaker),
        url(rf"{API}/{_RESOURCE}", Records),
        *(url(rf"{API}/{_RESOURCE}/{'/'.join([_PART] * parts)}", Record) for parts in (1, 2, 3)),
        url(rf"{API}(?:/.*)?", Nothing),
    ]
