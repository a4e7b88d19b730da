"""Which metrics there are, and what stands behind each."""

import re
from collections.abc import Callable

from tests.acceptance.dashboard_lab.plain.look import Look

#: A metric's value in a look, for the moment that a figure names (seconds since the epoch) and with the parts of its
#: name; None: it is not known.
Plain = Callable[..., object]

_KNOWN: list[tuple[re.Pattern[str], Plain]] = []


def metric(pattern: str) -> Callable[[Plain], Plain]:
    """Say of which metrics a function tells the value; the groups of the pattern are its last arguments."""

    def note(plain: Plain) -> Plain:
        _KNOWN.append((re.compile(pattern, re.DOTALL), plain))
        return plain

    return note


def plain_of(name: str) -> Callable[[Look, float], object] | None:
    """What stands behind a metric; None: nobody said."""
    for pattern, plain in _KNOWN:
        if found := pattern.fullmatch(name):
            groups = found.groups()
            return lambda look, at: plain(look, at, *groups)
    return None
