"""Files of a folder, and nothing outside of it."""

import os
import stat
from http import HTTPStatus
from pathlib import Path

from dtf.execution.browser_host.http_message import BadRequestError

_TEXT = "; charset=utf-8"
#: By suffix; the machine's own tables differ from host to host, and a module of another type is not run.
MEDIA_TYPES = {
    ".css": "text/css" + _TEXT,
    ".csv": "text/csv" + _TEXT,
    ".gif": "image/gif",
    ".htm": "text/html" + _TEXT,
    ".html": "text/html" + _TEXT,
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript" + _TEXT,
    ".json": "application/json",
    ".map": "application/json",
    ".md": "text/markdown" + _TEXT,
    ".mjs": "text/javascript" + _TEXT,
    ".mp4": "video/mp4",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain" + _TEXT,
    ".wasm": "application/wasm",
    ".wav": "audio/wav",
    ".webm": "video/webm",
    ".webp": "image/webp",
    ".wgsl": "text/plain" + _TEXT,
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
#: Of all others, models among them.
OCTETS = "application/octet-stream"
#: What a path that ends with a slash stands for.
INDEX = "index.html"


def media_type(name: str) -> str:
    """The media type of a file, by its name."""
    return MEDIA_TYPES.get(Path(name).suffix.lower(), OCTETS)


def find_file(folder: Path, path: str) -> Path:
    """The regular file that a decoded path of a URL names below ``folder``.

    Hidden names are not served: a folder of pages may be a checkout, with its ``.git``. Links are followed as long as
    they stay inside.

    Raises:
        BadRequestError: 404 for what is not there, and for what is there but not to be seen.
    """
    names = (path + INDEX if path.endswith("/") else path).removeprefix("/").split("/")
    if any(not name or name.startswith(".") or "\\" in name or "\0" in name for name in names):
        raise BadRequestError(HTTPStatus.NOT_FOUND)
    try:
        root = folder.resolve(strict=True)
        found = root.joinpath(*names).resolve(strict=True)
    except (OSError, RuntimeError):
        raise BadRequestError(HTTPStatus.NOT_FOUND) from None
    if not found.is_relative_to(root) or not found.is_file():
        raise BadRequestError(HTTPStatus.NOT_FOUND)
    return found


def open_file(path: Path) -> tuple[int, int]:
    """A descriptor of a regular file, and its size in bytes.

    Raises:
        BadRequestError: It is gone, or something else has taken its place meanwhile.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise BadRequestError(HTTPStatus.NOT_FOUND) from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise BadRequestError(HTTPStatus.NOT_FOUND)
    return descriptor, found.st_size
