from hypothesis import given
from hypothesis import strategies as st

from dtf.storage.ledger import ordinals


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_ordinals_come_back_in_their_order(places: list[int]) -> None:
    """What was packed comes back, in the order of execution."""
    assert ordinals.unpack(ordinals.pack(places)) == tuple(places)


def test_stretches_are_short() -> None:
    """A stretch takes one pair, however long it is."""
    assert ordinals.pack(range(100_000)) == "[[0,100000]]"
    assert ordinals.pack((3, 4, 9, 8)) == "[[3,2],[9,1],[8,1]]"
    assert ordinals.unpack("") == ()
