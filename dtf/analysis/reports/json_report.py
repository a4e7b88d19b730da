"""The whole run as one JSON document."""

import json
from collections.abc import Iterator

from dtf.analysis.reports.record import RunRecord, summary
from dtf.domain.codec import to_json


def json_report(record: RunRecord) -> Iterator[str]:
    """The report in pieces; joined they are one JSON document. Cases are written as they are read."""
    head = json.dumps(dict(summary(record)), allow_nan=False)
    yield head[:-1] + ', "job_list": ['
    for index, job in enumerate(record.jobs):
        facts = json.dumps(to_json(job), allow_nan=False)
        yield (",\n" if index else "\n") + facts[:-1] + ', "case_list": ['
        for place, case in enumerate(record.cases(job.job_id, ())):
            yield (",\n" if place else "\n") + json.dumps(to_json(case), allow_nan=False)
        yield "]}"
    yield '],\n"attempt_list": ['
    for index, attempt in enumerate(record.attempts):
        yield (",\n" if index else "\n") + json.dumps(to_json(attempt), allow_nan=False)
    yield '],\n"artifact_list": ['
    for index, (shard_id, number, artifact) in enumerate(record.artifacts):
        facts = json.dumps({"shard_id": shard_id, "attempt": number, **to_json(artifact)}, allow_nan=False)
        yield (",\n" if index else "\n") + facts
    yield "]}\n"
