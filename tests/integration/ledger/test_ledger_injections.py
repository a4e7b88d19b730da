from dataclasses import replace

from dtf.domain.injection import read_injection
from dtf.domain.outcome import Outcome
from dtf.domain.proof import INJECTED, INJECTED_CLEARED
from dtf.domain.shard import Requeue
from tests.integration.ledger.laboratory import Laboratory, command, result


def test_a_failure_that_was_not_seen_is_told_and_not_injected_again(lab: Laboratory) -> None:
    """An attempt whose host was lost under its failure met it; the retry runs without, and counts say what is known."""
    lab.submit(replace(command(), inject=read_injection("timeout mild")))
    first = lab.claim()
    assert first.injects
    lost = result(first, Outcome.INFRA, reason="the browser's host crashed")
    lab.record(replace(lost, proof={INJECTED: "timeout mild", INJECTED_CLEARED: "its host was ended"}), Requeue())
    assert not lab.claim().injects
    (told,) = lab.ledger.injections.told()
    assert (told["injection"], told["confirmed"], told["recorded"]) == ("timeout mild", False, False)
    assert told["cleared"] == "its host was ended"


def test_it_costs_little_to_ask_whether_there_are_others(lab: Laboratory) -> None:
    """The mark changes with each, and with nothing else."""
    assert lab.ledger.injections.mark() == (0, 0)
    lab.submit(replace(command(), inject=read_injection("timeout mild")))
    first = lab.claim()
    lab.record(replace(result(first, Outcome.INFRA), proof={INJECTED: "timeout mild"}), Requeue())
    count, last = lab.ledger.injections.mark()
    assert (count, last > 0) == (1, True)
    lab.record(result(lab.claim(), Outcome.PASSED))
    assert lab.ledger.injections.mark() == (count, last)
