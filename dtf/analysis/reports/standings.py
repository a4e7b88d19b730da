"""What a run's results say about the hardware that they name."""

from collections import Counter
from collections.abc import Iterator, Mapping

from dtf.analysis.reports.record import RunRecord, command_outcome
from dtf.analysis.standing import device_names, standing
from dtf.domain.outcome import CaseOutcome
from dtf.domain.ports.views import JobView
from dtf.domain.proof import DEGRADED, ELSEWHERE, SIMULATED, SOFTWARE, YES, Standing

#: What a case comes to in which nothing ran that could stand for anything, unless it ran elsewhere.
_IDLE = (CaseOutcome.SKIPPED, CaseOutcome.INFRA)


def standings(record: RunRecord) -> Mapping[Standing, Mapping[str, int]]:
    """By standing, how many results there are by hardware tag; what is no suite is one result."""
    found: dict[Standing, Counter[str]] = {}
    for job in record.jobs:
        for stands, count in Counter(_of_job(record, job)).items():
            found.setdefault(stands, Counter())[job.spec.hardware] += count
    return found


def _of_job(record: RunRecord, job: JobView) -> Iterator[Standing]:
    proofs = {(a.shard_id, a.attempt): a.proof for a in record.attempts if a.job_id == job.job_id}
    if command_outcome(job):
        yield standing(job.spec.hardware, next(reversed(proofs.values()), {}))
        return
    if job.spec.hardware == "cpu" and not any(_is_odd(proof) for proof in proofs.values()):
        # the usual case: nothing needs to be looked up for it
        yield from [Standing.PROVEN] * sum(job.cases.get(str(one), 0) for one in CaseOutcome if one not in _IDLE)
        return
    for shard_id, attempt, case in record.placed_cases(job.job_id):
        stands = standing(job.spec.hardware, proofs.get((shard_id, attempt), {}), case.properties)
        if case.outcome not in _IDLE or stands is Standing.ELSEWHERE:
            yield stands


def _is_odd(proof: Mapping[str, str]) -> bool:
    return bool(proof.get(ELSEWHERE) or proof.get(DEGRADED)) or YES in (proof.get(SIMULATED), proof.get(SOFTWARE))


def where(record: RunRecord, job: JobView) -> str:
    """The devices of a job with their marks, such as ``H200 (simulated)``; empty when nobody named one."""
    names: dict[str, None] = {}
    for attempt in record.attempts:
        name = device_names(attempt.proof) if attempt.job_id == job.job_id else ""
        if name:
            marks = [f"{DEGRADED}: {told}"] if (told := attempt.proof.get(DEGRADED)) else []
            marks += [mark for mark in (SOFTWARE, SIMULATED) if attempt.proof.get(mark) == YES]
            names[f"{name} ({', '.join(marks)})" if marks else name] = None
    return ", ".join(names)
