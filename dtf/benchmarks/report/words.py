"""Figures for people."""

from collections.abc import Sequence


def number_words(value: float | None, low: float | None = None, high: float | None = None, unit: str = "") -> str:
    """A figure, with its interval where there is one: ``12.3 s [10.1, 14.8]``."""
    if value is None:
        return "-"
    told = f"{short(value)} {unit}".rstrip()
    return told if low is None or high is None else f"{told} [{short(low)}, {short(high)}]"


def change_words(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """A change as a share: ``-45 % [-52, -38]``."""
    if value is None:
        return "-"
    told = f"{_percent(value)} %"
    return told if low is None or high is None else f"{told} [{_percent(low)}, {_percent(high)}]"


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


def _percent(share: float) -> str:
    told = f"{100 * share:+.0f}"
    return "0" if told in ("+0", "-0") else told
