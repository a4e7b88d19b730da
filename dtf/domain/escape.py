"""Makes foreign text safe for a terminal."""

import re
import unicodedata

#: Colours and other looks, which a test's output often has; they carry no content.
_LOOKS = re.compile(r"\x1b\[[0-9;:]*m")

#: Joiners that belong to the spelling of words and emoji.
_JOINERS = "\u200c\u200d"

_KEPT_IN_TEXT = "\n\t"
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def one_line(text: str, longest: int = 500) -> str:
    """The text as one line: control and direction characters escaped, cut with a note of what is missing."""
    return _escape(cut(text, longest), "")


def block(text: str, longest: int = 262_144) -> str:
    """The text as lines: as ``one_line`` but for line ends and tabs, and without colours."""
    plain = _LOOKS.sub("", cut(text, longest)).replace("\r\n", "\n")
    return _escape(plain, _KEPT_IN_TEXT)


def cut(text: str, longest: int) -> str:
    """At most ``longest`` characters, the middle given up for a note of how many are missing."""
    if len(text) <= longest:
        return text
    head = longest * 2 // 3
    tail = longest - head
    return f"{text[:head]}[... {len(text) - longest} characters cut ...]{text[-tail:] if tail else ''}"


def _escape(text: str, kept: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char in kept or not _hidden(char) else _code(char) for char in text)


def _hidden(char: str) -> bool:
    return unicodedata.category(char) in _HIDDEN and char not in _JOINERS


def _code(char: str) -> str:
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    if char in named:
        return named[char]
    point = ord(char)
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
