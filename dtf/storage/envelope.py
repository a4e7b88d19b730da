"""Tells a message that Celery can take from one that would harm it."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from kombu.utils.json import loads

#: Larger payloads are not even parsed; a hint has about one kilobyte.
MOST_BYTES = 2**20
_TEXT = (str, type(None))
_HEADER_TYPES: Mapping[str, tuple[type, ...]] = {
    "task": (str,),
    "id": (str,),
    "lang": _TEXT,
    "root_id": _TEXT,
    "parent_id": _TEXT,
    "group": _TEXT,
    "group_index": (int, type(None)),
    "eta": _TEXT,
    "expires": _TEXT,
    "shadow": _TEXT,
    "origin": _TEXT,
    "argsrepr": _TEXT,
    "kwargsrepr": _TEXT,
    "retries": (int, type(None)),
    "timelimit": (list, type(None)),
    "stamps": (dict, type(None)),
    "stamped_headers": (list, type(None)),
    "ignore_result": (bool, type(None)),
    "replaced_task_nesting": (int, type(None)),
}


class UnreadableMessageError(Exception):
    """The message cannot be read."""


def read_message(payload: bytes, *, is_task: bool) -> dict[str, Any]:
    """Decode and check a message as it stands in a Redis list.

    Args:
        payload: The list's item.
        is_task: Whether it must be a task of Celery's protocol 2, or any message of Kombu's.

    Returns:
        The message in Kombu's form.

    Raises:
        UnreadableMessageError: It cannot be used; the text says why.
    """
    if is_task and len(payload) > MOST_BYTES:
        raise UnreadableMessageError(f"{len(payload)} bytes are more than {MOST_BYTES}")
    try:
        message = loads(payload.decode("utf-8"))  # type: ignore[no-untyped-call]  # Kombu has no types
    except (ValueError, TypeError, RecursionError, LookupError) as error:
        raise UnreadableMessageError(f"it is not JSON: {_brief(error)}") from error
    except Exception as error:  # Kombu's JSON has types of its own, whose constructors may raise anything
        raise UnreadableMessageError(f"it is not Kombu's JSON: {_brief(error)}") from error
    check_message(message, is_task=is_task)
    return dict(message)


def check_message(message: object, *, is_task: bool) -> None:
    """Check a decoded message.

    Raises:
        UnreadableMessageError: It cannot be used; the text says why.
    """
    envelope = _mapping(message, "the message")
    properties = _mapping(envelope.get("properties"), "properties")
    _one_of(properties.get("delivery_tag"), (str, int), "properties.delivery_tag")
    _mapping(properties.get("delivery_info"), "properties.delivery_info")
    for name in ("correlation_id", "reply_to"):
        _one_of(properties.get(name), _TEXT, f"properties.{name}")
    headers = _mapping(envelope.get("headers", {}), "headers")
    body = _body(envelope, properties)
    if is_task:
        _check_headers(headers)
        _check_task_body(body)


def _body(envelope: Mapping[str, Any], properties: Mapping[str, Any]) -> object:
    if envelope.get("content-type") != "application/json":
        raise UnreadableMessageError(f"content-type {_brief(envelope.get('content-type'))} is not application/json")
    if envelope.get("content-encoding") not in ("utf-8", "us-ascii"):
        raise UnreadableMessageError(f"content-encoding {_brief(envelope.get('content-encoding'))} is not utf-8")
    raw = envelope.get("body")
    if not isinstance(raw, str) or not raw:
        raise UnreadableMessageError("there is no body")
    encoding = properties.get("body_encoding")
    if encoding not in ("base64", None):
        raise UnreadableMessageError(f"body_encoding {_brief(encoding)} is unknown")
    try:
        text = base64.b64decode(raw, validate=True) if encoding else raw.encode()
        return json.loads(text.decode("utf-8"))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise UnreadableMessageError(f"the body cannot be decoded: {_brief(error)}") from error


def _check_headers(headers: Mapping[str, Any]) -> None:
    for name, types in _HEADER_TYPES.items():
        _one_of(headers.get(name), types, f"headers.{name}")
    if not headers["task"] or not headers["id"]:
        raise UnreadableMessageError("headers.task or headers.id is empty")
    if headers.get("compression") is not None:
        raise UnreadableMessageError(f"compression {_brief(headers['compression'])} is not used here")
    limits = headers.get("timelimit") or ()
    if len(limits) not in (0, 2) or not all(isinstance(limit, int | float | None) for limit in limits):
        raise UnreadableMessageError("headers.timelimit is not a pair of numbers")


def _check_task_body(body: object) -> None:
    if not isinstance(body, list) or len(body) != 3:
        raise UnreadableMessageError("the body is not [arguments, keyword arguments, callbacks]")
    args, kwargs, embedded = body
    if not isinstance(args, list) or not isinstance(kwargs, dict) or not isinstance(embedded, dict):
        raise UnreadableMessageError("the body is not [list, object, object]")
    if any(embedded.values()):
        raise UnreadableMessageError("callbacks, chains and chords are not used here")


def _mapping(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UnreadableMessageError(f"{name} is not an object")
    return value


def _one_of(value: object, types: tuple[type, ...], name: str) -> None:
    if not isinstance(value, types):
        raise UnreadableMessageError(f"{name} is {_brief(value)}, a {type(value).__name__}")


def _brief(value: object) -> str:
    return repr(value)[:120]
