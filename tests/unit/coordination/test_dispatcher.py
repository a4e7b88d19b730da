from dtf.domain.ports.control import CollectingJob
from tests.support.waiting import waiting_shard
from tests.unit.coordination.conftest import World


def test_hints_are_noted_so_that_they_are_sent_once(world: World) -> None:
    """Ten steps with busy slots: each shard of the window is hinted once."""
    world.control.capacity = {"cpu": 1}
    world.control.queue(waiting_shard(f"s{rank}", rank=rank) for rank in range(5))

    world.play(2.0, world.coordinator())

    assert world.hints.sent == ["s0", "s1"]


def test_a_claimed_shard_makes_room_for_the_next(world: World) -> None:
    """The window follows what slots take."""
    coordinator = world.coordinator()
    world.control.capacity = {"cpu": 1}
    world.control.queue(waiting_shard(f"s{rank}", rank=rank) for rank in range(5))
    world.play(1.0, coordinator)
    world.hints.queues["cpu"].remove("s0")
    world.control.claim("s0")

    world.play(1.0, coordinator)

    assert world.hints.sent == ["s0", "s1", "s2"]


def test_a_broker_that_restarted_empty_gets_its_hints_again(world: World) -> None:
    """Within two seconds, as its run id tells; not only when the hints are old."""
    coordinator = world.coordinator()
    world.control.capacity = {"cpu": 1}
    world.control.queue(waiting_shard(f"s{rank}", rank=rank) for rank in range(2))
    world.play(2.0, coordinator)
    world.hints.lose_all()

    world.play(2.0, coordinator)

    assert sorted(world.hints.queues["cpu"]) == ["s0", "s1"]


def test_a_lost_message_is_sent_again_within_five_seconds(world: World) -> None:
    """A worker died between the broker's pop and its claim."""
    coordinator = world.coordinator()
    world.control.capacity = {"cpu": 1}
    world.control.queue([waiting_shard("s0")])
    world.play(1.0, coordinator)
    world.hints.queues["cpu"].clear()

    world.play(5.0, coordinator)

    assert world.hints.queues["cpu"] == ["s0"]


def test_nothing_is_sent_while_no_worker_is_there_and_at_once_when_one_comes(world: World) -> None:
    """Floods stay in the database."""
    coordinator = world.coordinator()
    world.control.queue([waiting_shard("s0", queue="cuda")])
    world.play(10.0, coordinator)
    assert world.hints.sent == []
    world.control.capacity = {"cuda": 1}

    world.play(0.5, coordinator)

    assert world.hints.sent == ["s0"]


def test_idle_slots_warm_a_suite_up_while_another_collects_it(world: World) -> None:
    """Four slots, one collects: three are told to prepare, once for the job, as soon as the collection is hinted."""
    coordinator = world.coordinator()
    world.control.capacity = {"cpu": 4}
    world.control.queue([waiting_shard("s0", kind="collect", job_id="j7")])
    world.play(2.0, coordinator)
    assert world.hints.prepared == [("cpu", "j7")] * 3
    world.control.claim("s0")
    world.control.collects = [CollectingJob(job_id="j7", queue="cpu")]

    world.play(5.0, coordinator)

    assert world.hints.prepared == [("cpu", "j7")] * 3


def test_slots_that_come_while_a_suite_is_collected_warm_it_up_too(world: World) -> None:
    """A worker that registers after the collection began is told to prepare; not when it comes after the end."""
    coordinator = world.coordinator()
    world.control.capacity = {"cpu": 1}
    world.control.collects = [CollectingJob(job_id="j7", queue="cpu")]
    world.play(1.0, coordinator)
    assert world.hints.prepared == []
    world.control.capacity = {"cpu": 2}

    world.play(5.0, coordinator)

    assert world.hints.prepared == [("cpu", "j7")]
    world.control.collects = []
    world.control.capacity = {"cpu": 3}
    world.play(5.0, coordinator)
    assert world.hints.prepared == [("cpu", "j7")]


def test_busy_slots_are_not_told_to_prepare(world: World) -> None:
    """Where other shards wait nobody idles while the suite is collected."""
    world.control.capacity = {"cpu": 2}
    world.control.collects = [CollectingJob(job_id="j7", queue="cpu")]
    world.control.queue(waiting_shard(f"s{rank}", run_id="r2", rank=rank) for rank in range(1, 4))

    world.play(1.0, world.coordinator())

    assert world.hints.prepared == []
