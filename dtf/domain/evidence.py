"""A piece of evidence about a target, as the breaker took it and the learner reads it."""

from dataclasses import dataclass

from dtf.domain.breaker import Sign, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRecord:
    """What happened once on a target.

    Attributes:
        at: Seconds since the epoch, on the store's clock.
        target: Where it happened.
        sign: What it says.
        job_group: The jobs that fail together: the suite, the commit's tests, the task's name. Empty for a canary.
        duration_s: How long the attempt or the canary ran.
        believed: How bad the target was believed to be just before, from 0 (healthy) to 1.
        epoch: The breaker's state that it belongs to, as ``Transition.epoch`` counts them; 0 before the first.
    """

    at: float
    target: Target
    sign: Sign
    job_group: str = ""
    duration_s: float = 0.0
    believed: float = 0.0
    epoch: int = 0
