"""What the code of the benchmark with real browsers is."""

from dtf.benchmarks import revision

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
_READING = (
    "benchmark caveats details failures figures groups judgement measures openings plots results story struck tables"
)
_AFTERWARDS = frozenset(f"benchmarks/browsers/{name}.py" for name in _READING.split())


def code_digest() -> str:
    """A digest of the source files that decide what a run comes to."""
    return revision.code_digest(_PARTS, _AFTERWARDS)


def run_key(*settings: object) -> str:
    """A digest of the code and of how a run is set."""
    return revision.run_key(code_digest(), *settings)
