"""What the code of a benchmark is: raw data of another one are no substitute."""

import hashlib
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parents[2]
#: The packages that decide what a run with real browsers comes to; reports may change without it.
_PARTS = (
    "benchmarks/browsers",
    "benchmarks/simulation/arms",
    "breakers",
    "domain",
    "execution/browser_host",
    "execution/host",
    "execution/injector",
    "learning",
    "processes",
    "resilience",
)
_LENGTH = 12


@cache
def code_digest() -> str:
    """A digest of the source files that decide what a run comes to."""
    digest = hashlib.sha256()
    for part in _PARTS:
        for path in sorted((_ROOT / part).rglob("*")):
            if path.suffix in (".py", ".js", ".html", ".wgsl"):
                digest.update(str(path.relative_to(_ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:_LENGTH]


def run_key(*parts: object) -> str:
    """A digest of the code and of how a run is set."""
    told = "\n".join([code_digest(), *map(repr, parts)])
    return hashlib.sha256(told.encode()).hexdigest()[:_LENGTH]
