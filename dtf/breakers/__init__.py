"""Circuit breakers over a shared store: for dtf's own jobs, and for anyone's Celery application.

It imports neither dtf's application, nor its ledger or coordinator, nor River; the names below load what they need when
they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dtf.domain.errors import CircuitOpenError

if TYPE_CHECKING:
    from dtf.breakers.breaker import Breaker as Breaker
    from dtf.breakers.client import Breakers as Breakers
    from dtf.breakers.config import BreakerConfig as BreakerConfig
    from dtf.breakers.task import CircuitBreakerTask as CircuitBreakerTask

_LAZY = {
    "Breaker": "dtf.breakers.breaker",
    "BreakerConfig": "dtf.breakers.config",
    "Breakers": "dtf.breakers.client",
    "CircuitBreakerTask": "dtf.breakers.task",
}

__all__ = ["Breaker", "BreakerConfig", "Breakers", "CircuitBreakerTask", "CircuitOpenError"]


def __getattr__(name: str) -> Any:  # noqa: ANN401  # classes of several kinds
    """Load a class when it is first asked for."""
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
