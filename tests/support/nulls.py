"""Whether a JSON value has a null in it: in a patch of a topic it would mean that a member is gone."""

from typing import Any


def has_null(value: Any) -> bool:
    """Whether there is one anywhere."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value is None or any(has_null(one) for one in inner)
