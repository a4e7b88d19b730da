"""Hides passwords before a text leaves the process."""

import re

MASK = "***"

#: ``scheme://user:password@``: everything between the first colon and the last @ of the authority.
_USERINFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^\s/?#:@\"']*):([^\s/\"']*)@")

#: ``password=...`` in a query, a DSN or an option.
_PARAMETER = re.compile(r"(?i)\b(password|passwd|pwd|token|secret|api[_-]?key)=([^\s&;\"',]+)")


def mask(text: str) -> str:
    """The text with the passwords of all URLs and of ``password=`` parameters replaced by stars."""
    return _PARAMETER.sub(rf"\1={MASK}", _USERINFO.sub(rf"\1:{MASK}@", text))
