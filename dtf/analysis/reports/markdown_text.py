"""Text that Markdown shows as it is."""

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&-])")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str) -> str:
    """The text with everything escaped that Markdown would act on; controls become their codes."""
    return _SPECIAL.sub(r"\\\1", visible(text))


def visible(text: str) -> str:
    """The text with its control and direction characters, and half surrogates, as codes."""
    return _CONTROLS.sub(_code, text)


def _code(match: re.Match[str]) -> str:
    point = ord(match.group())
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}"
