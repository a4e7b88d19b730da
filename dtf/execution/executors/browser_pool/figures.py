"""What the browsers of a worker have come to."""

from collections import Counter
from dataclasses import dataclass, field

from dtf.domain.shard import Metric
from dtf.execution.executors.browser_pool.limits import Cause


@dataclass(slots=True, kw_only=True)
class Figures:
    """What the browsers of a worker have come to since it started.

    Attributes:
        launches: How many were started.
        ended: How many were ended, by cause.
        jobs: Jobs by the name of the browser.
    """

    launches: int = 0
    ended: Counter[Cause] = field(default_factory=Counter)
    jobs: Counter[str] = field(default_factory=Counter)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """As an attempt records them."""
        causes = (Metric(name=f"browsers_ended_{c.name.lower()}", value=n, unit="") for c, n in self.ended.items())
        jobs = (Metric(name=f"browser_jobs_{name}", value=n, unit="") for name, n in self.jobs.items())
        return (Metric(name="browser_launches", value=self.launches, unit=""), *causes, *jobs)
