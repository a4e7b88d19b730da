"""JSON in text columns, in ASCII: whatever a string holds, both databases take it and give it back."""

import json
from typing import Any


def dump(value: object) -> str:
    """Write JSON, in the shortest form and with sorted keys, so that equal values are equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def load(text: str | None) -> Any:  # noqa: ANN401  # JSON has no narrower type
    """Read what ``dump`` wrote; an empty or missing text is an empty object."""
    return json.loads(text) if text else {}
