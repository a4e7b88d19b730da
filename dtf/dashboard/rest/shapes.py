"""What programs are told of a topic: lists, where pages have objects by id, whose changes are small."""

from collections.abc import Callable, Mapping
from typing import Any, Final

_Value = Mapping[str, Any]


def listed(topic: str, value: _Value) -> dict[str, Any]:
    """A topic's value in the shape that the API promises."""
    return _SHAPES.get(topic, dict)(value)


def _workers(value: _Value) -> dict[str, Any]:
    return {"workers": list(value.values())}


def _network(value: _Value) -> dict[str, Any]:
    return {name: list(value.get(name, {}).values()) for name in ("nodes", "links")}


_SHAPES: Final[Mapping[str, Callable[[_Value], dict[str, Any]]]] = {"workers": _workers, "network": _network}
