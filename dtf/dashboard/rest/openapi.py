"""``/api/v1/openapi.json``: the API described, from the tables by which it answers."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from dtf import __version__
from dtf.dashboard.live.topics import TOPICS
from dtf.dashboard.rest.breakers import BREAKERS
from dtf.dashboard.rest.ledger_handler import LedgerHandler
from dtf.dashboard.rest.operations import OPERATIONS, Operation, Schema
from dtf.domain.ports.listing import LONGEST_SEARCH, MOST_ROWS, SEARCH, USUAL_ROWS, Kind

#: Below which path the API's first version stands.
API: Final = "/api/v1"

_PROBLEM: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_REFUSALS: Final = {
    400: "It cannot be asked so; the detail says why",
    403: "The dashboard does not let that be done, or not from there",
    404: "There is no such record",
    409: "It cannot be done as things stand",
    413: "It is too much",
    415: "What is sent is no JSON",
    503: "The ledger, the breakers' store, or the first look is missing",
}
_READING, _CHANGING = (400, 403, 404, 503), (400, 403, 404, 409, 413, 415, 503)
_OBJECT: Final = {"type": "object"}


class OpenApi(LedgerHandler):
    """Describes the API."""

    def get(self) -> None:
        """The document, OpenAPI 3.1."""
        kinds = {**self.ledger.listing.kinds(), "breakers": BREAKERS}
        self.answer(document(kinds, self.application.dashboard_options.prefix))


def document(kinds: Mapping[str, Kind], prefix: str = "") -> dict[str, Any]:
    """The document.

    Args:
        kinds: What can be listed.
        prefix: The path below which the dashboard stands.
    """
    paths: dict[str, dict[str, Any]] = {}
    for name, kind in kinds.items():
        paths[f"{API}/{name}"] = {"get": _list(name, kind)}
        where = "/".join(f"{{{part}}}" for part in kind.key)
        paths[f"{API}/{name}/{where}"] = {"get": _record(name, kind)}
    for operation in OPERATIONS:
        paths.setdefault(f"{API}{operation.path}", {})[operation.method] = _operation(operation)
    paths["/api/monitoring/{topic}"] = {"get": _topic()}
    found: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "dtf", "version": __version__, "summary": "What the dashboard knows and can do"},
        "paths": paths,
        "components": {"schemas": {"Problem": _problem()}},
    }
    return {**found, "servers": [{"url": prefix}]} if prefix else found


def _list(name: str, kind: Kind) -> dict[str, Any]:
    query = {filter_: _filter(filter_, values) for filter_, values in kind.filters.items()}
    orders = [order for sort in kind.sorts for order in (sort.removeprefix("-"), f"-{sort.removeprefix('-')}")]
    query |= {
        "sort": {"enum": orders, "default": kind.sorts[0]},
        "limit": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": USUAL_ROWS},
        "after": {"type": "string", "description": "The next of the page before."},
    }
    page = {
        "type": "object",
        "required": ["items", "as_of"],
        "properties": {
            "items": {"type": "array", "items": _row(kind.fields)},
            "next": {"type": "string", "description": "Where the next page begins; missing: there is none."},
            "as_of": {"type": "number"},
            **({"unknown": {"type": "string"}} if name == "breakers" else {}),
        },
    }
    return _described(f"list_{name}", f"A page of {name}", _query(query), _answers((200,), page, _READING))


def _record(name: str, kind: Kind) -> dict[str, Any]:
    row = _row({**kind.fields, **kind.details, "as_of": "number"})
    return _described(f"get_{name}", f"One of the {name}", _in_path(kind.key), _answers((200,), row, _READING))


def _operation(operation: Operation) -> dict[str, Any]:
    parameters = [
        *_in_path(re.findall(r"{(\w+)}", operation.path)),
        *_query(operation.query, operation.needed),
        *({"name": name, "in": "header", "schema": schema} for name, schema in operation.headers.items()),
    ]
    refusals = _READING if operation.method == "get" else _CHANGING
    name = f"{operation.method}_{re.sub(r'[^a-z]+', '_', operation.path).strip('_')}"
    answers = _answers(operation.statuses, _OBJECT, refusals, is_file=operation.is_file)
    found = _described(name, operation.summary, parameters, answers)
    if operation.body is None:
        return found
    content = {"application/json": {"schema": operation.body}}
    return {**found, "requestBody": {"required": operation.method == "post", "content": content}}


def _topic() -> dict[str, Any]:
    parameter = {"name": "topic", "in": "path", "required": True, "schema": {"enum": [*TOPICS]}}
    answer = {"type": "object", "required": ["as_of"], "properties": {"as_of": {"type": "number"}}}
    return _described("monitoring", "The last look at a topic", [parameter], _answers((200,), answer, (403, 404, 503)))


def _described(
    name: str, summary: str, parameters: Iterable[Mapping[str, Any]], responses: Mapping[str, Any]
) -> dict[str, Any]:
    return {"operationId": name, "summary": summary, "parameters": [*parameters], "responses": responses}


def _answers(
    statuses: Iterable[int], schema: Schema, refusals: Iterable[int], *, is_file: bool = False
) -> dict[str, Any]:
    content = {"*/*": {"schema": {}}} if is_file else {"application/json": {"schema": schema}}
    done = {str(status): {"description": "Done", "content": content} for status in statuses}
    return {**done, **{str(one): {"description": _REFUSALS[one], "content": _PROBLEM} for one in refusals}}


def _filter(name: str, values: tuple[str, ...]) -> Schema:
    if name == SEARCH:
        return {"type": "string", "maxLength": LONGEST_SEARCH, "description": "A part of its name, in any case."}
    if values:
        return {"type": "array", "items": {"enum": [*values]}, "minItems": 1}
    return {"type": "array", "items": {"type": "string"}, "minItems": 1}


def _query(query: Mapping[str, Schema], needed: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Filters take several values with commas between; series are named one by one."""
    return [
        {
            "name": name,
            "in": "query",
            "schema": schema,
            **({"required": True, "explode": True} if name in needed else {"explode": False}),
        }
        for name, schema in query.items()
    ]


def _in_path(names: Iterable[str]) -> list[dict[str, Any]]:
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _row(fields: Mapping[str, str]) -> Schema:
    """A record; what is not known of it is missing."""
    return {"type": "object", "properties": {name: {"type": kind} for name, kind in fields.items()}}


def _problem() -> Schema:
    texts = {name: {"type": "string"} for name in ("title", "detail", "field")}
    return {
        "type": "object",
        "required": ["title", "status", "detail"],
        "properties": {**texts, "status": {"type": "integer"}},
    }
