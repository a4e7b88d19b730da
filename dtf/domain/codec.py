"""Domain values to JSON's types and back."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from dtf.domain.errors import BadInputError

T = TypeVar("T")

#: The key that names the class where a field may hold one of several.
TYPE_KEY = "type"

#: The name of each class that takes part in a union, as it stands in JSON.
_UNION_NAMES = {
    "PytestWork": "pytest",
    "CommandWork": "command",
    "BenchmarkWork": "benchmark",
    "BrowserWork": "browser",
    "Finish": "finish",
    "Requeue": "requeue",
}


def to_json(value: object) -> Any:  # noqa: ANN401  # JSON has no narrower type
    """Turn a domain value into dicts, lists, strings, numbers, booleans and None."""
    if is_dataclass(value) and not isinstance(value, type):
        data = {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
        name = _UNION_NAMES.get(type(value).__name__)
        return {TYPE_KEY: name, **data} if name else data
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [to_json(item) for item in value]
    return value


def from_json(kind: type[T], data: object) -> T:
    """Build a value of ``kind`` from what ``to_json`` made of one.

    Raises:
        BadInputError: The data do not fit; the message names the place.
    """
    try:
        return cast("T", _build(kind, data))
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise BadInputError(f"{kind.__name__}: stored data do not fit ({error})") from error


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _build(kind: Any, data: Any) -> Any:  # noqa: ANN401  # typing's forms have no common type
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _build_union(get_args(kind), data)
    if origin is tuple:
        return _build_tuple(get_args(kind), data)
    if origin is not None and issubclass(origin, Mapping):
        return {key: _build(get_args(kind)[1], item) for key, item in data.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return _build_dataclass(kind, data)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    if kind is float and isinstance(data, int):
        return float(data)
    return data


def _build_dataclass(kind: type, data: Mapping[str, Any]) -> object:
    hints = _hints(kind)
    values = {}
    for f in fields(kind):
        if f.name in data:
            values[f.name] = _build(hints[f.name], data[f.name])
        elif f.default is MISSING and f.default_factory is MISSING:
            raise KeyError(f.name)
    return kind(**values)


def _build_tuple(args: tuple[Any, ...], data: Any) -> tuple[Any, ...]:  # noqa: ANN401  # as above
    if len(args) == 2 and args[1] is Ellipsis:  # tuple[X, ...]
        return tuple(_build(args[0], item) for item in data)
    return tuple(_build(arg, item) for arg, item in zip(args, data, strict=True))


def _build_union(args: tuple[Any, ...], data: Any) -> Any:  # noqa: ANN401  # as above
    if data is None:
        return None
    options = [arg for arg in args if arg is not type(None)]
    if len(options) == 1:
        return _build(options[0], data)
    if isinstance(data, Mapping):
        for option in options:
            if _UNION_NAMES.get(getattr(option, "__name__", "")) == data.get(TYPE_KEY):
                return _build(option, data)
        raise ValueError(f"unknown {TYPE_KEY} {data.get(TYPE_KEY)!r}")
    return data
