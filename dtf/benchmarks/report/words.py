"""Figures for people."""

from collections.abc import Sequence
from typing import Final

#: What differs from a bar by less is told as the bar.
_MOST_DIGITS: Final = 4


def number_words(value: float | None, low: float | None = None, high: float | None = None, unit: str = "") -> str:
    """A figure, with its interval where there is one: ``12.3 s [10.1, 14.8]``."""
    if value is None:
        return "-"
    told = f"{short(value)} {unit}".rstrip()
    return told if low is None or high is None else f"{told} [{short(low)}, {short(high)}]"


def change_words(
    value: float | None, low: float | None = None, high: float | None = None, bar: float | None = None
) -> str:
    """A change as a share: ``-45 % [-52, -38]``.

    Args:
        value: The change; None: there is none.
        low: The lower end of its interval; None: there is no interval.
        high: The upper end.
        bar: The change that it is held against: where whole figures would hide on which side of it they lie, there are
            more digits. None: it is held against nothing.
    """
    if value is None:
        return "-"
    shares = [value] if low is None or high is None else [value, low, high]
    digits = 0 if bar is None else max(digits_beside(share, bar) for share in shares)
    told, *ends = (_percent(share, digits) for share in shares)
    return f"{told} % [{', '.join(ends)}]" if ends else f"{told} %"


def digits_beside(share: float, bar: float) -> int:
    """How many digits of a share, in per cent, show on which side of a bar it lies; what is on it counts as below."""
    for digits in range(_MOST_DIGITS):
        if (round(100 * share, digits) <= round(100 * bar, _MOST_DIGITS)) == (share <= bar):
            return digits
    return _MOST_DIGITS


def list_words(words: Sequence[str]) -> str:
    """Some words in a row: ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of a text that is broken into lines in the source."""
    return tuple(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))


def short(value: float) -> str:
    """A figure with about three digits."""
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2
    told = f"{value:.{digits}f}"
    return told.rstrip("0").rstrip(".") if "." in told else told


def _percent(share: float, digits: int) -> str:
    told = f"{100 * share:+.{digits}f}"
    return told if float(told) else "0"
