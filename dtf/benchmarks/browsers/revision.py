"""What the code of a benchmark is: raw data of another one are no substitute."""

import hashlib
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parents[2]
#: What decides what a run with real browsers comes to: packages and modules.
_PARTS = (
    "benchmarks/browsers",
    "benchmarks/simulation/arms",
    "breakers",
    "domain/breaker.py",
    "domain/evidence.py",
    "domain/learned.py",
    "execution/browser_host",
    "execution/host",
    "execution/injector",
    "learning",
    "resilience",
)
#: What is made of raw data afterwards, and may change without them.
_AFTERWARDS = frozenset(
    f"{name}.py"
    for name in ("benchmark", "caveats", "details", "figures", "groups", "measures", "plots", "results", "story")
)
_SUFFIXES = frozenset({".py", ".js", ".html", ".wgsl", ".lua"})
_LENGTH = 12


@cache
def code_digest() -> str:
    """A digest of the source files that decide what a run comes to."""
    digest = hashlib.sha256()
    for path in (path for part in _PARTS for path in _files(_ROOT / part)):
        digest.update(str(path.relative_to(_ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:_LENGTH]


def run_key(*parts: object) -> str:
    """A digest of the code and of how a run is set."""
    told = "\n".join([code_digest(), *map(repr, parts)])
    return hashlib.sha256(told.encode()).hexdigest()[:_LENGTH]


def _files(part: Path) -> list[Path]:
    """A module, or the sources of a package."""
    if part.is_file():
        return [part]
    found = sorted(path for path in part.rglob("*") if path.suffix in _SUFFIXES)
    own = part.name == "browsers"
    return [path for path in found if not (own and path.parent == part and path.name in _AFTERWARDS)]
