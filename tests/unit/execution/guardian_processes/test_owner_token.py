import pytest

from dtf.execution.processes.owner_token import OwnerToken, slot_of, slot_token
from dtf.processes.process_table import ProcessId


def test_a_token_reads_back() -> None:
    """What is written into an environment is read from it."""
    token = OwnerToken(worker_id="w1", guardian=ProcessId(pid=7, start_ticks=99))
    assert str(token) == "w1:7:99"
    assert OwnerToken.parse(str(token)) == token


@pytest.mark.parametrize("text", ["", "w1", "w1:7", ":7:9", "w1:x:9", "w1:7:-9", "w1:7:9:1"])
def test_what_is_no_token_is_none(text: str) -> None:
    """A process with somebody else's variable of that name is not dtf's."""
    assert OwnerToken.parse(text) is None


def test_a_mark_names_its_slot() -> None:
    """Marks differ from process to process; those of the whole worker name no slot."""
    assert slot_of(slot_token(3, 1)) == 3
    assert slot_of(slot_token(None, 1)) is None
    assert slot_of("") is None
    assert slot_token(3, 1) != slot_token(3, 2)
