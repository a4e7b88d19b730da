from collections import deque
from types import SimpleNamespace
from typing import cast

from dtf.domain.case import CaseResult
from dtf.domain.outcome import CaseOutcome
from dtf.execution.executors.pytest_session.device_losses import COLLATERAL, DeviceLosses
from dtf.execution.executors.pytest_session.runner_handle import RunnerHandle


def process(*ran: str) -> RunnerHandle:
    """A process that has run tests."""
    return cast("RunnerHandle", SimpleNamespace(ran=len(ran), latest=deque(ran, maxlen=3)))


def case(ordinal: int, outcome: CaseOutcome = CaseOutcome.PASSED) -> CaseResult:
    """A result."""
    return CaseResult(ordinal=ordinal, nodeid=f"t{ordinal}", outcome=outcome, properties={"own": "kept"})


def test_one_that_shows_it_twice_is_charged() -> None:
    """Also where its second process was not new, it never runs a third time, and is no collateral."""
    losses = DeviceLosses("cuda")
    assert "t4 showed a lost device" in losses.put_off(4, "t4", "GPU is lost", process("a", "b"))
    assert losses.put_off(4, "t4", "GPU is lost", process("c")) == ""
    failed = case(4, CaseOutcome.FAILED)
    assert losses.mark(failed, "GPU is lost") is failed
    assert losses.notes == {}


def test_a_second_result_is_marked_whatever_it_is() -> None:
    """A test that fails for another reason keeps its failure; the mark adds to its own properties."""
    losses = DeviceLosses("cuda")
    losses.put_off(4, "t4", "GPU is lost", process("a", "b", "c", "d"))
    marked = losses.mark(case(4, CaseOutcome.FAILED), "")
    assert marked.outcome is CaseOutcome.FAILED
    assert marked.properties["own"] == "kept"
    assert "b, c, d (and 1 test before)" in marked.properties[COLLATERAL]
    assert "and is failed" in losses.notes["notes"]
    other = case(5)
    assert losses.mark(other, "") is other


def test_notes_stay_few() -> None:
    """A card that fails all the time fills no report; each case has its mark."""
    losses = DeviceLosses("cuda")
    for ordinal in range(25):
        losses.put_off(ordinal, f"t{ordinal}", "GPU is lost", process("a"))
        assert COLLATERAL in losses.mark(case(ordinal), "").properties
    lines = losses.notes["notes"].splitlines()
    assert len(lines) == 11
    assert lines[-1] == "15 more tests of this shard were collateral of a lost device"
