"""What was seen of an attempt on the GPUs, in the words of its proof."""

from dataclasses import replace

from dtf.domain import proof
from dtf.domain.outcome import Outcome
from dtf.domain.shard import AttemptResult
from dtf.execution.device_watch.evidence import Evidence

#: What is run again, or was called off, says nothing about the hardware.
_WITHOUT_RESULT = (Outcome.INFRA, Outcome.CANCELLED)


def with_evidence(result: AttemptResult, evidence: Evidence) -> AttemptResult:
    """Add what was seen; a result that did not come from the attempt's own devices is none."""
    if evidence.elsewhere and result.outcome not in _WITHOUT_RESULT:
        reason = f"{proof.RAN_ELSEWHERE}: {evidence.elsewhere}"
        words = {**result.proof, proof.ELSEWHERE: evidence.elsewhere}
        return replace(result, outcome=Outcome.INFRA, reason=reason, proof=words)
    if not evidence.proven:
        return result
    known = [sentence for sentence in (result.proof.get(proof.EVIDENCE, ""), evidence.sentence) if sentence]
    return replace(result, proof={**result.proof, proof.EVIDENCE: "; ".join(known)})
