from dtf.embedded.workforce import Demand, WorkerPlan, adjust
from dtf.execution.profile import WorkerProfile

CPU = WorkerProfile(name="big cpu", queue="cpu", concurrency=4, environment={"OMP_NUM_THREADS": "1"})
CUDA = WorkerProfile(name="cuda", queue="cuda")


def started(*demands: Demand, live: tuple[WorkerPlan, ...] = ()) -> list[WorkerPlan]:
    """What is started for some users."""
    return list(adjust(demands, live, [plan.name for plan in live]).start)


def test_users_share_workers() -> None:
    """Of a tag there are as many slots as the user with the largest need asked for, not the sum."""
    plans = started(Demand(slots={"cpu": 2}), Demand(slots={"cpu": 3, "webgpu": 1}))

    assert sorted(plan.name for plan in plans) == ["cpu-1", "cpu-2", "cpu-3", "webgpu-1"]


def test_one_worker_has_all_gpus() -> None:
    """However many ask, and by whichever of their tags: a device is never in two hands."""
    (plan,) = started(Demand(slots={"cuda": 2, "gpu": 1}), Demand(slots={"cuda": 4}))
    assert plan == WorkerPlan(name="gpu-1", queue="cuda,rocm,gpu", slots=0)
    result = adjust([Demand(slots={"rocm": 1})], [plan], ["gpu-1"])
    assert (result.start, result.drain) == ((), ())


def test_one_worker_has_all_browsers() -> None:
    """With as many slots as the user with the largest need asked for; who needs more gets another one in its place."""
    (plan,) = started(Demand(slots={"webgpu": 2, "webnn": 1}), Demand(slots={"webnn": 2}))
    assert plan == WorkerPlan(name="webgpu-1", queue="webnn,webgpu", slots=2)
    assert started(Demand(slots={"webnn": 2}), live=(plan,)) == []
    result = adjust([Demand(slots={"webgpu": 3})], [plan], ["webgpu-1"])
    assert ([plan.slots for plan in result.start], result.drain) == ([3], ("webgpu-1",))


def test_a_profile_worker_has_the_gpus_that_it_serves() -> None:
    """None is started beside it for its own tag."""
    assert [plan.name for plan in started(Demand(profiles=(CUDA,)), Demand(slots={"cuda": 2}))] == ["cuda-1"]
    assert [plan.name for plan in started(Demand(profiles=(CUDA,), slots={"gpu": 1}))] == ["cuda-1", "gpu-1"]


def test_nothing_changes_when_the_needs_are_met() -> None:
    """Workers that are there are counted, and stay."""
    live = (WorkerPlan(name="cpu-1", queue="cpu"), WorkerPlan(name="cpu-2", queue="cpu"))

    result = adjust([Demand(slots={"cpu": 2})], live, ["cpu-1", "cpu-2"])

    assert result.start == ()
    assert result.drain == ()


def test_workers_that_nobody_needs_any_more_are_drained() -> None:
    """When the user that needed most leaves, what is over goes, the newest first."""
    live = tuple(WorkerPlan(name=f"cpu-{n}", queue="cpu") for n in (1, 2, 3))

    assert adjust([Demand(slots={"cpu": 1})], live, []).drain == ("cpu-2", "cpu-3")
    assert adjust([], live, []).drain == ("cpu-1", "cpu-2", "cpu-3")


def test_a_draining_worker_keeps_its_name() -> None:
    """A new worker does not get the name of one that still finishes its work."""
    result = adjust([Demand(slots={"cpu": 1})], [], ["cpu-1"])

    assert [plan.name for plan in result.start] == ["cpu-2"]


def test_slots_of_a_profile_worker_count_for_its_tag() -> None:
    """Where a worker with four slots is, two plain ones are not needed beside it; for a fifth slot one is."""
    assert [plan.name for plan in started(Demand(profiles=(CPU,)), Demand(slots={"cpu": 2}))] == ["big_cpu-1"]
    assert [plan.name for plan in started(Demand(profiles=(CPU,), slots={"cpu": 5}))] == ["big_cpu-1", "cpu-1"]


def test_a_profile_given_twice_means_two_workers_and_is_shared_between_users() -> None:
    """The larger count of any user decides; different profiles add up."""
    plans = started(Demand(profiles=(CUDA, CUDA)), Demand(profiles=(CUDA, CPU)))

    assert sorted(plan.name for plan in plans) == ["big_cpu-1", "cuda-1", "cuda-2"]


def test_a_user_may_raise_its_demand_but_not_lower_it() -> None:
    """Asking for fewer slots than before changes nothing: others may rely on them."""
    demand = Demand(slots={"cpu": 3}).with_slots(1, "cpu").with_slots(2, "cuda")

    assert demand.slots == {"cpu": 3, "cuda": 2}
