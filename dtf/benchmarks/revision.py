"""What the code of a benchmark is: raw data of another one are no substitute."""

import hashlib
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_SUFFIXES = frozenset({".py", ".js", ".html", ".wgsl", ".lua"})
_LENGTH = 12


@cache
def code_digest(parts: tuple[str, ...], afterwards: frozenset[str] = frozenset()) -> str:
    """A digest of the source files that decide what a run comes to.

    Args:
        parts: Packages and modules below ``dtf``.
        afterwards: Modules among them that only read what came of it.
    """
    digest = hashlib.sha256()
    for path in (path for part in parts for path in _files(_ROOT / part, afterwards)):
        digest.update(str(path.relative_to(_ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:_LENGTH]


def run_key(code: str, *settings: object) -> str:
    """A digest of the code and of how a run is set."""
    told = "\n".join([code, *map(repr, settings)])
    return hashlib.sha256(told.encode()).hexdigest()[:_LENGTH]


def _files(part: Path, afterwards: Collection[str]) -> Iterator[Path]:
    """A module, or the sources of a package."""
    if part.is_file():
        yield part
        return
    for path in sorted(part.rglob("*")):
        if path.suffix in _SUFFIXES and str(path.relative_to(_ROOT)) not in afterwards:
            yield path
