from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from dtf.dashboard.live.topics import TOPICS
from dtf.dashboard.rest.openapi import document
from dtf.dashboard.rest.routes import api_rules
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.ports.listing import Kind
from dtf.domain.shard import Artifact
from dtf.domain.worker import Device
from dtf.settings import Settings
from tests.integration.ledger.laboratory import Laboratory, cases, command, result, worker
from tests.support.dashboard import Served, serving

#: So many requests of each kind are made up for each operation.
_EXAMPLES = 4


@pytest.fixture
def full(lab: Laboratory, tmp_path: Path) -> Iterator[tuple[Served, dict[str, str]]]:
    """A dashboard over a ledger with something of each resource; and the names of one of each."""
    lab.ledger.workers.register(replace(worker(), devices=(Device(kind="cpu", name="A CPU", uuid="f"),)))
    shard = lab.claim(lab.plan(2)[0])
    kept = tmp_path / "kept"
    kept.write_bytes(b"<b>")
    artifact = Artifact(name="kept", digest=lab.ledger.blobs.put(kept), size=3, media_type="text/html")
    told = result(shard, Outcome.FAILED, cases(shard, CaseOutcome.FAILED))
    lab.ledger.shards.append_log(shard.shard_id, shard.attempt, 1, b"a line\n")
    lab.record(replace(told, artifacts=(artifact,)))
    names = {"run_id": lab.run_id, "job_id": lab.job_ids[0], "shard_id": shard.shard_id, "worker_id": "w1"}
    names |= {"attempt": str(shard.attempt), "position": "0", "ordinal": "0", "hardware": "cpu", "name": "dtf@w1"}
    lab.submit(command())
    settings_ = Settings(state_dir=tmp_path, broker_url="memory://", database_url="postgresql://nobody@/none")
    with serving(settings_, lab.ledger) as served:
        served.until("/api/monitoring/cluster")
        yield served, names


def _made_up(strategy: Any, ask: Callable[[Any], None]) -> None:
    """Put some requests, the same ones each time."""

    @settings(
        max_examples=_EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def check(case: Any) -> None:
        ask(case)

    check()


def test_whatever_is_asked_of_the_api_no_answer_is_an_error_of_its_own(full: tuple[Served, dict[str, str]]) -> None:
    """Made-up requests that fit the document, and some that do not, about what there is and what there is not.

    Each answer is one that the document tells of, in status, type and form.
    """
    schemathesis = pytest.importorskip("schemathesis", reason="make test installs it")
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    served, names = full
    told = served.ask("/api/v1/openapi.json").value
    schema = schemathesis.openapi.from_dict(told)
    base_url = f"http://127.0.0.1:{served.port}"
    wanted = [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]
    asked = set()
    session = pytest.importorskip("requests").Session()  # one that is closed: its connections stay open otherwise

    def ask(case: Any, held_to: list[Any]) -> None:
        answer = case.call(base_url=base_url, session=session)
        asked.add((case.method.lower(), case.path, answer.status_code < 300))
        case.validate_response(answer, checks=held_to)

    def ask_both(case: Any) -> None:
        ask(case, wanted)
        if case.path_parameters:  # and about what there is
            case.path_parameters = {part: names.get(part, value) for part, value in case.path_parameters.items()}
            ask(case, wanted)

    for operation in (found.ok() for found in schema.get_all_operations()):
        _made_up(operation.as_strategy(generation_mode=GenerationMode.POSITIVE), ask_both)
        if operation.query or operation.body:
            strategy = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
            _made_up(strategy, lambda case: ask(case, wanted[:1]))
    session.close()
    paths = {(method, path) for path, methods in told["paths"].items() for method in methods}
    assert {(method, path) for method, path, _ in asked} == paths
    # nearly all of them were answered, too, and not only refused
    assert len({(method, path) for method, path, done in asked if done}) > 0.8 * len(paths)


def test_the_document_tells_of_all_that_answers() -> None:
    """Each list with its records, each action, each topic; nothing stands in it that is not there."""
    kinds = {"jobs": Kind(key={"job_id": "string"}, fields={}, details={}, filters={}, sorts=("-created_at",))}
    told = document(kinds, "/lab")
    assert told["servers"] == [{"url": "/lab"}]
    assert {"/api/v1/jobs", "/api/v1/jobs/{job_id}", "/api/v1/jobs/{job_id}/cancel"} <= set(told["paths"])
    topics = told["paths"]["/api/monitoring/{topic}"]["get"]["parameters"][0]["schema"]["enum"]
    assert topics == [*TOPICS]
    patterns = [rule.regex for rule in api_rules()[:-1]]
    for path in told["paths"]:
        assert path.startswith("/api/monitoring/") or any(pattern.match(path) for pattern in patterns), path
    names = [one["operationId"] for methods in told["paths"].values() for one in methods.values()]
    assert len(set(names)) == len(names)
