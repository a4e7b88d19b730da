"""What the guardian orders from a host process, and what it hears back: one JSON object a line."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dtf.domain.outcome import Outcome
from dtf.domain.shard import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One thing for a host to do; it is answered by one ``Report`` with the same number.

    Attributes:
        number: Tells the orders of a host apart.
        do: What; each host knows its own words.
        arguments: Of that, in JSON's types.
        workdir: The working directory of the job.
        artifacts: Where files are put to be kept.
        time_limit_s: How long it may take, in seconds; a host that does not answer is killed a moment later.
        after_s: How much longer the host may be busy with what is kept of it, in seconds.
    """

    number: int
    do: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    workdir: str = "."
    artifacts: str = ""
    time_limit_s: float = 60.0
    after_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of an order.

    Attributes:
        number: The order's.
        outcome: The verdict; INFRA with ``proof[ELSEWHERE]`` when it did not run where it should.
        reason: One sentence for people; empty when passed.
        metrics: Named measures.
        proof: What it ran on, in the words of ``dtf.domain.proof``.
        healthy: Whether the host can go on with the next order; otherwise it is replaced.
        data: Anything else that the order asks for.
    """

    number: int
    outcome: Outcome
    reason: str = ""
    metrics: tuple[Metric, ...] = ()
    proof: Mapping[str, str] = field(default_factory=dict)
    healthy: bool = True
    data: Mapping[str, object] = field(default_factory=dict)
