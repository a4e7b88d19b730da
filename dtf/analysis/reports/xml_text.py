"""Text that is valid in XML 1.0, whatever it was."""

import re

#: Everything outside XML 1.0's Char production: most controls, surrogates, U+FFFE and U+FFFF.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_MARKUP: dict[str, str | int | None] = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_IN_ATTRIBUTE: dict[str, str | int | None] = {**_MARKUP, '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def content(text: str) -> str:
    """The text as an element's content; what XML cannot hold is written as its code (``#x1B``), as pytest does."""
    return _translated(text, _MARKUP | {"\r": "&#13;"})


def attribute(text: str) -> str:
    """The text as an attribute's value, in double quotes."""
    return f'"{_translated(text, _IN_ATTRIBUTE)}"'


def _translated(text: str, table: dict[str, str | int | None]) -> str:
    legal = _ILLEGAL.sub(lambda match: f"#x{ord(match.group()):02X}", text)
    return legal.translate(str.maketrans(table))
