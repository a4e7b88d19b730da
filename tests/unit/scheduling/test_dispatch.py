from hypothesis import given
from hypothesis import strategies as st

from dtf.domain.ports.control import WaitingShard
from dtf.scheduling.dispatch import MOST_PER_SLOT, QueueState, Window, choose
from tests.support.waiting import waiting_shard


def _ids(shards: tuple[WaitingShard, ...]) -> list[str]:
    return [shard.shard_id for shard in shards]


def _queue(slots: int, length: int = 0) -> dict[str, QueueState]:
    return {"cpu": QueueState(slots=slots, length=length)}


def test_a_window_holds_two_shards_for_each_slot() -> None:
    """Long shards: two for each slot are out, not more; the flood stays in the database."""
    waiting = [waiting_shard(f"s{rank}", rank=rank, predicted_s=10.0) for rank in range(100)]

    assert _ids(choose(waiting, _queue(2))) == ["s0", "s1", "s2", "s3"]


def test_a_window_holds_a_second_of_short_shards_for_each_slot() -> None:
    """Shards of 0.1 s: twenty fill two slots for the second until they are looked after again."""
    waiting = [waiting_shard(f"s{rank:03}", rank=rank, predicted_s=0.1) for rank in range(100)]

    assert len(choose(waiting, _queue(2), window=Window(seconds=1.0))) == 20


def test_shards_without_a_predicted_duration_do_not_flood_the_queue() -> None:
    """However short shards are said to be, hints out have a limit for each slot."""
    waiting = [waiting_shard(f"s{rank}", rank=rank, predicted_s=0.0) for rank in range(1000)]

    assert len(choose(waiting, _queue(2))) == 2 * MOST_PER_SLOT


def test_hints_that_are_out_fill_the_window() -> None:
    """Only what is missing is sent."""
    waiting = [waiting_shard(f"s{rank}", rank=rank, hinted_s=0.5 if rank < 3 else None) for rank in range(10)]

    assert _ids(choose(waiting, _queue(2, length=3))) == ["s3"]


def test_a_queue_without_slots_gets_nothing() -> None:
    """What nobody can run is not put into the broker."""
    waiting = [waiting_shard("s1", queue="cuda"), waiting_shard("s2", queue="rocm")]

    assert choose(waiting, {"cuda": QueueState(slots=0, length=0)}) == ()


def test_a_higher_priority_goes_first_even_when_the_window_is_full_of_lower_ones() -> None:
    """Hints of less urgent shards do not keep an urgent one waiting in the database."""
    out = [waiting_shard(f"low{n}", priority=0, hinted_s=1.0) for n in range(4)]
    urgent = waiting_shard("urgent", priority=9, run_id="r2", rank=7)

    assert _ids(choose([*out, waiting_shard("low9", priority=0), urgent], _queue(2, length=4))) == ["urgent"]


def test_runs_of_one_priority_take_turns() -> None:
    """A small run beside a large one gets every second hint."""
    waiting = [waiting_shard(f"a{rank}", run_id="ra", rank=rank, waiting_s=9.0) for rank in range(50)]
    waiting += [waiting_shard(f"b{rank}", run_id="rb", rank=rank, waiting_s=1.0) for rank in range(3)]

    assert _ids(choose(waiting, _queue(3))) == ["a0", "b0", "a1", "b1", "a2", "b2"]


def test_a_run_with_hints_out_waits_for_its_turn() -> None:
    """The next hints are of the run that has fewer out."""
    waiting = [waiting_shard(f"a{n}", run_id="ra", rank=n, hinted_s=1.0 if n < 2 else None) for n in range(5)]
    waiting += [waiting_shard(f"b{n}", run_id="rb", rank=n) for n in range(5)]

    assert _ids(choose(waiting, _queue(2, length=2))) == ["b0", "b1"]


def test_inside_a_run_rank_decides_then_age() -> None:
    """Equal ranks of two jobs: the one that has waited longer."""
    waiting = [
        waiting_shard("young", rank=1, waiting_s=1.0),
        waiting_shard("old", rank=1, waiting_s=5.0),
        waiting_shard("first", rank=0, waiting_s=0.0),
    ]

    assert _ids(choose(waiting, _queue(2))) == ["first", "old", "young"]


def test_a_queue_full_of_spent_hints_is_not_made_longer() -> None:
    """Slots that go on by themselves leave spent hints behind; a free slot has to read through them."""
    waiting = [waiting_shard(f"s{rank}", rank=rank) for rank in range(10)]

    assert choose(waiting, _queue(2, length=8)) == ()
    assert _ids(choose(waiting, _queue(2, length=6))) == ["s0", "s1"]


shards = st.builds(
    waiting_shard,
    shard_id=st.uuids().map(str),
    run_id=st.sampled_from(["r1", "r2", "r3"]),
    queue=st.sampled_from(["cpu", "cuda"]),
    priority=st.integers(0, 10),
    rank=st.integers(0, 20),
    predicted_s=st.floats(0, 5),
    hinted_s=st.none() | st.floats(0, 60),
)


@given(st.lists(shards, max_size=40), st.integers(1, 8))
def test_what_is_chosen_is_fresh_unique_and_in_order_of_priority(waiting: list[WaitingShard], slots: int) -> None:
    """No hint is doubled, and none overtakes one of a higher priority in its queue."""
    queues = {name: QueueState(slots=slots, length=0) for name in ("cpu", "cuda")}

    chosen = choose(waiting, queues)

    assert len({shard.shard_id for shard in chosen}) == len(chosen)
    assert all(shard.hinted_s is None for shard in chosen)
    for name in queues:
        priorities = [shard.priority for shard in chosen if shard.queue == name]
        assert priorities == sorted(priorities, reverse=True)


@given(st.lists(shards, max_size=40), st.integers(1, 8))
def test_slots_do_not_starve(waiting: list[WaitingShard], slots: int) -> None:
    """While shards wait and the queue is empty, at least two hints for each slot are out afterwards."""
    chosen = choose(waiting, {"cpu": QueueState(slots=slots, length=0)})

    here = [shard for shard in waiting if shard.queue == "cpu"]
    out = sum(shard.hinted_s is not None for shard in here) + len(chosen)
    assert out >= min(2 * slots, len(here))
