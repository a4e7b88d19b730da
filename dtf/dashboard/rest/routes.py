"""Where the API answers."""

import re
from typing import Any, Final

from tornado.web import url

from dtf.dashboard.rest.breakers import Breaker, Breakers
from dtf.dashboard.rest.ledger_handler import Nothing
from dtf.dashboard.rest.openapi import API, OpenApi
from dtf.dashboard.rest.operations import OPERATIONS
from dtf.dashboard.rest.resources import Record, Records
from dtf.dashboard.rest.submitting import Runs

_RESOURCE, _PART = r"([a-z]+)", r"([^/]+)"
#: What has lists and records too, and is answered for by those rules.
_SHARED: Final = (Runs, Breaker)


def api_rules() -> list[Any]:
    """The rules of the API; the last one takes all that is not there."""
    return [
        url(rf"{API}/openapi.json", OpenApi),
        url(rf"{API}/breakers", Breakers),
        # the names of what other applications guard may have a slash
        url(rf"{API}/breakers/{_PART}/(.+)", Breaker),
        url(rf"{API}/(runs)", Runs),
        *(url(_pattern(one.path), one.handler) for one in OPERATIONS if one.handler not in _SHARED),
        url(rf"{API}/{_RESOURCE}", Records),
        *(url(rf"{API}/{_RESOURCE}/{'/'.join([_PART] * parts)}", Record) for parts in (1, 2, 3)),
        url(rf"{API}(?:/.*)?", Nothing),
    ]


def _pattern(path: str) -> str:
    return API + re.sub(r"{\w+}", lambda _: _PART, path)
