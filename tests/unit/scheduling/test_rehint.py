from dtf.scheduling.rehint import OLD_S, look
from tests.support.waiting import waiting_shard

OUT = [waiting_shard(f"s{number}", hinted_s=5.0) for number in range(4)]


def test_all_hints_go_out_again_when_the_broker_lost_its_memory() -> None:
    """Also those that were sent just before; shards that were never hinted are not concerned."""
    young = waiting_shard("young", hinted_s=0.1)

    found = look([*OUT, young, waiting_shard("fresh")], {"cpu": 4}, broker_changed=True)

    assert {shard.shard_id for shard in found.again} == {"s0", "s1", "s2", "s3", "young"}


def test_a_short_queue_is_believed_at_the_second_look() -> None:
    """A message in flight deceives one look, not two."""
    first = look(OUT, {"cpu": 3})
    second = look(OUT, {"cpu": 3}, suspects=first.suspects)

    assert first.again == ()
    assert first.suspects == {"cpu"}
    assert len(second.again) == 4
    assert second.suspects == frozenset()


def test_a_queue_that_recovered_between_two_looks_is_not_suspected() -> None:
    """Two looks in a row: a queue that was long enough in between starts anew."""
    suspects = look(OUT, {"cpu": 3}).suspects
    suspects = look(OUT, {"cpu": 4}, suspects=suspects).suspects

    assert look(OUT, {"cpu": 3}, suspects=suspects).again == ()


def test_hints_that_wait_in_the_queue_are_never_sent_again() -> None:
    """All slots busy for an hour: nothing is doubled."""
    old = [waiting_shard(f"s{number}", hinted_s=3600.0) for number in range(4)]

    assert look(old, {"cpu": 4}, suspects=frozenset({"cpu"})).again == ()


def test_a_young_hint_is_left_alone() -> None:
    """A worker may be about to claim it."""
    young = [waiting_shard("s1", hinted_s=1.0)]

    assert look(young, {"cpu": 0}, suspects=frozenset({"cpu"})).again == ()


def test_an_old_hint_and_an_empty_queue_need_no_second_look() -> None:
    """At the latest after half a minute a lost hint goes out again."""
    assert len(look([waiting_shard("s1", hinted_s=OLD_S)], {"cpu": 0}).again) == 1


def test_a_queue_whose_length_is_not_known_is_not_judged() -> None:
    """The broker did not answer for it."""
    assert look(OUT, {}).again == ()
