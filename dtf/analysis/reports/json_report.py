"""The whole run as one JSON document."""

import json
import math
from collections.abc import Iterator

from dtf.analysis.reports.record import RunRecord, summary
from dtf.analysis.reports.standings import standings
from dtf.analysis.standing import standing
from dtf.domain.codec import to_json


def json_report(record: RunRecord) -> Iterator[str]:
    """The report in pieces; joined they are one JSON document. Cases are written as they are read."""
    stands = {str(kind): dict(tags) for kind, tags in standings(record).items()}
    head = json.dumps({**summary(record), "standings": stands}, allow_nan=False)
    yield head[:-1] + ', "job_list": ['
    for index, job in enumerate(record.jobs):
        facts = json.dumps(to_json(job), allow_nan=False)
        yield (",\n" if index else "\n") + facts[:-1] + ', "case_list": ['
        for place, case in enumerate(record.cases(job.job_id, ())):
            yield (",\n" if place else "\n") + json.dumps(to_json(case), allow_nan=False)
        yield "]}"
    yield '],\n"attempt_list": ['
    hardware = {job.job_id: job.spec.hardware for job in record.jobs}
    for index, attempt in enumerate(record.attempts):
        stands_for = str(standing(hardware.get(attempt.job_id, "cpu"), attempt.proof))
        facts = json.dumps({**to_json(attempt), "standing": stands_for}, allow_nan=False)
        yield (",\n" if index else "\n") + facts
    yield '],\n"metric_list": ['
    for index, (shard_id, job_id, number, metric) in enumerate(record.metrics):
        value = metric.value if math.isfinite(metric.value) else str(metric.value)
        owner = {"shard_id": shard_id, "job_id": job_id, "attempt": number}
        facts = json.dumps({**owner, **to_json(metric), "value": value}, allow_nan=False)
        yield (",\n" if index else "\n") + facts
    yield '],\n"artifact_list": ['
    for index, (shard_id, number, artifact) in enumerate(record.artifacts):
        facts = json.dumps({"shard_id": shard_id, "attempt": number, **to_json(artifact)}, allow_nan=False)
        yield (",\n" if index else "\n") + facts
    yield "]}\n"
