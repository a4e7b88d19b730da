"""What a shard runs under that stands in for a canary."""

from dataclasses import dataclass, replace

from dtf.breakers.permit import Permit
from dtf.domain.breaker import Target
from dtf.domain.outcome import Outcome
from dtf.domain.shard import AttemptResult


@dataclass(slots=True, kw_only=True)
class Probe:
    """What a shard runs under that stands in for a canary.

    Attributes:
        target: What it probes.
        permit: The probe's.
        limit_s: When it is ended, in seconds.
        outcome: What the shard came to by itself; None: it has not ended, or did not begin.
    """

    target: Target
    permit: Permit
    limit_s: float
    outcome: Outcome | None = None

    def judged(self, result: AttemptResult) -> AttemptResult:
        """What an attempt is recorded as: it passed, or it was none.

        Nothing that a target in doubt says against a shard is the shard's verdict, and nothing that it says for itself
        by failing in another way: the shard runs again as if it had not, and a canary tells about the target.
        """
        self.outcome = result.outcome
        if result.outcome in (Outcome.PASSED, Outcome.CANCELLED):
            return result
        reason = f"it was tried on {self.target}, which is in doubt, and was {result.outcome}: {result.reason}"
        return replace(result, outcome=Outcome.INFRA, crashed=False, reason=reason)
