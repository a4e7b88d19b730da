from dataclasses import replace
from typing import Any

from dtf.analysis.injected import injection_counts
from dtf.domain.breaker import Target
from dtf.domain.failure import FailureType
from dtf.domain.injection import read_injection
from dtf.domain.outcome import Outcome
from dtf.domain.proof import INJECTED, INJECTED_SEEN
from dtf.domain.recovery import Recovery, RecoveryAction
from dtf.domain.shard import Requeue
from tests.acceptance.harness.place import until
from tests.integration.ledger.laboratory import Laboratory, command, result
from tests.support.dashboard import Served


def _meet(lab: Laboratory, failure: str) -> tuple[str, int]:
    """Have an attempt meet a failure on purpose; the attempt."""
    lab.submit(replace(command(), inject=read_injection(failure)))
    claim = lab.claim()
    failed = replace(result(claim, Outcome.INFRA), proof={INJECTED: failure, INJECTED_SEEN: "it was gone"})
    lab.record(failed, Requeue())
    return claim.shard_id, claim.attempt


def test_recoveries_and_failures_on_purpose_are_told_as_they_come(lab: Laboratory, served: Served) -> None:
    """The counts are those of the ledger after each; the recovery that answered one on purpose is marked."""

    def told() -> dict[str, Any]:
        value: dict[str, Any] = served.until("/api/monitoring/recovery").value
        return value

    assert told()["injections"] == {}
    for failure in ("timeout mild", "crash severe"):
        shard_id, attempt = _meet(lab, failure)
        counts = injection_counts(lab.ledger.injections.told())
        assert failure in counts
        assert until(lambda: told()["injections"] == counts, 30), told()  # noqa: B023  # called before the next one
    found = Recovery(
        target=Target(hardware="cpu", name="dtf@w1"),
        failure=FailureType.CRASH,
        action=RecoveryAction.RETRY,
        succeeded=True,
        shard_id=shard_id,
        attempt=attempt,
    )
    lab.ledger.recoveries.add(found)
    lab.ledger.recoveries.add(replace(found, shard_id="another"))
    assert until(lambda: len(told()["latest"]["order"]) == 2, 30)
    rows = told()["latest"]["rows"].values()
    assert sorted((row["shard_id"], row["on_purpose"]) for row in rows) == sorted(
        ((shard_id, True), ("another", False))
    )
