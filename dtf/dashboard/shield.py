"""What every answer tells the browser about what its page may do."""

import base64
import hashlib
from typing import Final

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

#: The inline scripts and style attributes of Flower's own pages, letter by letter, as Tornado sends them: it makes one
#: of several spaces. None is taken from a page that is being sent, which may hold what somebody else wrote.
_FLOWER_SCRIPTS: Final = tuple(f"\nvar autorefresh = {value};\n" for value in (0, 1))
_FLOWER_STYLES: Final = ("width: 125px;",)

_COMMON: Final = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def _hashes(texts: tuple[str, ...]) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


#: The content security policy of dtf's pages, and of Flower's.
OWN_POLICY: Final = f"{_COMMON}; script-src 'self'; style-src 'self'"
FLOWER_POLICY: Final = (
    f"{_COMMON}; script-src 'self' {_hashes(_FLOWER_SCRIPTS)}; "
    f"style-src 'self' 'unsafe-hashes' {_hashes(_FLOWER_STYLES)}"
)


class Shield(OutputTransform):
    """Adds to each answer what keeps strangers' content from acting as the page's own."""

    def __init__(self, request: HTTPServerRequest) -> None:
        self._is_head = request.method == "HEAD"

    def transform_first_chunk(
        self,
        status_code: int,
        headers: HTTPHeaders,
        chunk: bytes,
        finishing: bool,  # noqa: ARG002  # Tornado's
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Tornado asks for it before the first piece of each answer is sent."""
        headers.setdefault("Content-Security-Policy", FLOWER_POLICY)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return status_code, headers, chunk
