"""A shard's places in the manifest, kept short."""

import json
from collections.abc import Iterable


def pack(ordinals: Iterable[int]) -> str:
    """Write ordinals, in their order, as JSON ``[[first, how many], ...]`` over their ascending stretches."""
    stretches: list[list[int]] = []
    for ordinal in ordinals:
        if stretches and ordinal == stretches[-1][0] + stretches[-1][1]:
            stretches[-1][1] += 1
        else:
            stretches.append([ordinal, 1])
    return json.dumps(stretches, separators=(",", ":"))


def unpack(text: str) -> tuple[int, ...]:
    """Read what ``pack`` wrote."""
    return tuple(first + step for first, count in json.loads(text or "[]") for step in range(count))
